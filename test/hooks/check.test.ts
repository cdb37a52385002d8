// `laba check --hooks` tries every address that hooks would call.
import { join } from "node:path"
import { expect, test } from "bun:test"
import { emptyFolder, laba } from "../cli/laba.ts"
import { startBackend } from "./backend-process.ts"

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
