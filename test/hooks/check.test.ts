// `laba check --hooks` tries every address that hooks would call.
import { join } from "node:path"
import { expect, test } from "bun:test"
import { credentials, shop } from "../access/guarded.ts"
import { emptyFolder, laba } from "../cli/laba.ts"
import { startServer } from "../support/server.ts"
import { local, secret, startBackend } from "./backend-process.ts"

test("says of each address whether it may be called, answers and agrees", async () => {
  await using backend = await startBackend("laba-backend.ts")
  await using folder = await emptyFolder()
  const at = (path: string, more: object = {}) => ({
    register: backend.url(path),
    privateAddresses: ["127.0.0.1"],
    ...more,
  })
  const write = (hooks: readonly object[]) =>
    Bun.write(join(folder.path, "laba.json"), JSON.stringify({ hooks }))
  await write([
    { pattern: "/willing", ...at("/hooks?key=secret", { unregister: backend.url("/hooks?key=secret") }) },
    { pattern: "/plain", ...at("/unwilling", { handshake: false }) },
  ])
  const shown = await laba(["check"], { cwd: folder.path })
  expect(shown.out).toMatch(/hook \/willing +laba; register, unregister/)
  const good = await laba(["check", "--hooks"], { cwd: folder.path })
  expect([good.code, good.err]).toEqual([0, ""])
  expect(good.out).toMatch(
    /yes {2}\/willing {2}register, unregister {2}http:\S+\/hooks {2}agrees to be called/,
  )
  expect(good.out).toMatch(/yes {2}\/plain {2}register .* answers/)
  expect(good.out).not.toContain("secret")

  await write([
    { pattern: "/unwilling", ...at("/unwilling") },
    { pattern: "/private", ...at("/hooks", { privateAddresses: [] }) },
    { pattern: "/gateway", ...at("/hooks", { dialect: "tencent" }) },
    { pattern: "/away", ...at("", { register: "http://127.0.0.1:1/" }) },
  ])
  const bad = await laba(["check", "--hooks"], { cwd: folder.path })
  expect(bad.code).toBe(1)
  expect(bad.out).toMatch(/no {3}\/unwilling .*does not agree/)
  expect(bad.out).toMatch(/no {3}\/private .*no public address/)
  expect(bad.out).toMatch(/yes {2}\/gateway .*answers/)
  expect(bad.out).toMatch(/no {3}\/away .*cannot be reached/)
}, 60_000)

test("says of a backend that has no handshake what is wrong with its answer", async () => {
  await using backend = await startBackend("tencent-backend.ts")
  await using folder = await emptyFolder()
  const hooks = ["/broken", "/nowhere", "/register"].map((path) => ({
    pattern: path,
    dialect: "tencent",
    register: backend.url(path),
    privateAddresses: ["127.0.0.1"],
  }))
  await Bun.write(join(folder.path, "laba.json"), JSON.stringify({ hooks }))
  const { code, out } = await laba(["check", "--hooks"], { cwd: folder.path })
  expect(code).toBe(1)
  expect(out).toMatch(/no {3}\/broken .*answered OPTIONS with status 500: out of\\nmemory/)
  expect(out).toMatch(/no {3}\/nowhere .*answered OPTIONS with status 404/)
  expect(out).toMatch(/yes {2}\/register .*with status 405 to OPTIONS/)
}, 60_000)

test("shows what went wrong last at a running server, to who may manage it", async () => {
  await using backend = await startBackend("laba-backend.ts", { secret })
  await using folder = await emptyFolder()
  const url = backend.url()
  const hooks = [{ pattern: "/desk/*", register: url, unregister: url, ...local }]
  const key = shop.text
  await Bun.write(join(folder.path, "laba.json"), JSON.stringify({ hooks }))
  await using server = await startServer({ ...credentials, hooks, log: { level: "silent" } })
  const bearer = { headers: { authorization: `Bearer ${key}` } }
  expect((await fetch(`${server.base}/desk/failing?wait=1`, bearer)).status).toBe(502)
  const check = (more: Record<string, string>) =>
    laba(["check", "--hooks", "--url", server.base], { cwd: folder.path, env: more })
  const seen = await check({ LABA_CREDENTIAL: key })
  expect([seen.code, seen.err]).toEqual([0, ""])
  expect(seen.out).toMatch(/yes {2}\/desk\/\* {2}register, unregister .*agrees to be called/)
  expect(seen.out).toMatch(/yes {2}\/desk\/\* {2}is called; last errors: 1/)
  expect(seen.out).toMatch(/\d{4}-\d\d-\d\dT\S+Z {2}register {2}\S+\/register {2}.*503/)
  const refused = await check({})
  expect(refused.code).not.toBe(0)
  expect(refused.err).toContain("unauthorized")
  // A backend that has failed five times in a row is left alone, and that is a failure.
  for (let i = 0; i < 5; i++) await fetch(`${server.base}/desk/failing?wait=1`, bearer)
  const left = await check({ LABA_CREDENTIAL: key })
  expect(left.code).toBe(1)
  expect(left.out).toMatch(/no {3}\/desk\/\* {2}is left alone, tried again in \d+ s; last errors: \d/)
}, 60_000)
