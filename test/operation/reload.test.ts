// The configuration read again while people listen: nobody is dropped, and what changed holds for those who are here.
import { describe, expect, test } from "bun:test"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { makeKey } from "../../src/access/credentials/keys.ts"
import { type ConfigInput, LabaError, serve } from "../../src/server/index.ts"
import { emptyFolder, LabaProcess } from "../cli/laba.ts"
import { eventually } from "../support/eventually.ts"
import { textOf } from "../support/heard.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { headOf, publish } from "../support/publish.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"

async function stage(first: ConfigInput) {
  const lines: string[] = []
  const current = { config: { listen: { port: 0 }, ...first } as ConfigInput }
  const set = (next: ConfigInput): void => {
    current.config = { listen: { port: 0 }, ...next }
  }
  const laba = await serve({
    ...current.config,
    log: { level: "info", format: "json" },
    source: () => ({ ...current.config, log: { level: "info", format: "json" } }),
    logTo: (line) => void lines.push(line),
  })
  const events = () => lines.map((line) => JSON.parse(line) as { event: string })
  return { laba, set, events, base: laba.url, [Symbol.asyncDispose]: () => laba.close() }
}

const drainAtOnce = { drainSeconds: 0 }

describe("a reload", () => {
  test("changes the rule of a channel under its listeners, who stay and miss nothing", async () => {
    await using server = await stage({ limits: drainAtOnce, channels: { "/c": { history: "none" } } })
    await using listener = await connectByLaba(`${server.base}/c`)
    expect((await listener.frame("subscribed")).history).toBe("none")
    await publish(`${server.base}/c`, "before")
    server.set({ limits: drainAtOnce, channels: { "/c": { history: { count: 2 } } } })
    expect(await server.laba.reload()).toEqual({
      dry: false,
      changes: [{ key: 'channels."/c"', holds: "now" }],
    })
    for (const data of ["one", "two", "three"]) await publish(`${server.base}/c`, data)
    const heard = await listener.messages(4)
    expect(heard.map(textOf)).toEqual(["before", "one", "two", "three"])
    expect((await headOf(`${server.base}/c`)).length).toBe(2)
    await using late = await connectByLaba(`${server.base}/c?after=${heard[1]?.ownCursor}`)
    expect((await late.messages(2)).map(textOf)).toEqual(["two", "three"])
  })

  test("changes what happens to slow readers who listen already", async () => {
    await using server = await stage({ limits: drainAtOnce })
    await using _listener = await listenByRawSocket(`${server.base}/c`)
    server.set({ limits: drainAtOnce, channels: { "/c": { slow: "latest" } } })
    expect(await server.laba.reload()).toMatchObject({ changes: [{ key: 'channels."/c"', holds: "now" }] })
  })

  test("changes limits from the next request on, and says which wait for a restart", async () => {
    await using server = await stage({ limits: drainAtOnce })
    await using listener = await listenByRawSocket(`${server.base}/c`)
    server.set({
      limits: { ...drainAtOnce, queryBytesMax: 256, connectionsMax: 1, heartbeatSeconds: 10 },
      open: true,
    })
    const { changes } = await server.laba.reload()
    expect(changes.toSorted((a, b) => a.key.localeCompare(b.key))).toEqual([
      { key: "limits.connectionsMax", holds: "now" },
      { key: "limits.heartbeatSeconds", holds: "after-restart" },
      { key: "limits.queryBytesMax", holds: "now" },
      { key: "open", holds: "after-restart" },
    ])
    expect((await fetch(`${server.base}/c?x=${"y".repeat(300)}`)).status).toBe(414)
    await using refused = await listenByRawSocket(`${server.base}/c`)
    await refused.end()
    await publish(`${server.base}/c`, "still here")
    expect(textOf(await listener.message())).toBe("still here")
    // What waits is told again and again, until there was a restart.
    expect((await server.laba.reload()).changes).toEqual([
      { key: "open", holds: "after-restart" },
      { key: "limits.heartbeatSeconds", holds: "after-restart" },
    ])
    expect(server.events().map(({ event }) => event)).toContain("config_needs_restart")
  })

  test("with mistakes changes nothing, and says all of them", async () => {
    await using server = await stage({ limits: drainAtOnce })
    server.set({ limits: { queryBytesMax: 1, drainSeconds: -1 } })
    const refused = await server.laba.reload().catch((error: unknown) => error as LabaError)
    expect(refused).toBeInstanceOf(LabaError)
    expect(refused).toMatchObject({ code: "bad_config" })
    expect((refused as LabaError).detail).toContain("limits.queryBytesMax")
    expect((refused as LabaError).detail).toContain("limits.drainSeconds")
    expect((await fetch(`${server.base}/c?x=${"y".repeat(300)}`)).status).toBe(204)
    expect(server.laba.counters).toMatchObject({ reloads: 0, reloadsFailed: 1 })
    expect(server.events().map(({ event }) => event)).toContain("config_refused")
  })

  test("that is dry says the same and changes nothing", async () => {
    await using server = await stage({ limits: drainAtOnce })
    server.set({ limits: { ...drainAtOnce, queryBytesMax: 256 } })
    expect(await server.laba.reload({ dry: true })).toEqual({
      dry: true,
      changes: [{ key: "limits.queryBytesMax", holds: "now" }],
    })
    expect((await fetch(`${server.base}/c?x=${"y".repeat(300)}`)).status).toBe(204)
    server.set({ limits: { queryBytesMax: 1 } })
    const refused = await server.laba.reload({ dry: true }).catch((error: unknown) => error as LabaError)
    expect(refused).toMatchObject({ code: "bad_config" })
    expect(server.laba.counters).toMatchObject({ reloads: 0, reloadsFailed: 0 })
  })

  test("takes keys in and out; who listened by one that is gone is sent away, and only they", async () => {
    const [old, next] = [makeKey("old"), makeKey("next")]
    const key = ({ sha256 }: { sha256: string }, name: string) => ({
      name,
      sha256,
      listen: ["/**"],
      publish: ["/**"],
    })
    const channels = { "/open": { listen: "anyone" } } as const
    await using server = await stage({
      limits: drainAtOnce,
      channels,
      keys: [key(old, "old"), key(next, "next")],
    })
    const listen = async (bearer: string | null, channel = "/c") => {
      const headers = {
        ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
        accept: "text/event-stream",
      }
      const response = await fetch(`${server.base}${channel}`, { headers })
      expect(response.status).toBe(200)
      return response.text()
    }
    const [byOld, byNext, byNobody] = [listen(old.text), listen(next.text), listen(null, "/open")]
    while ((await Promise.all(["/c", "/open"].map(listenersOf))).join() !== "2,1") await Bun.sleep(5)
    server.set({ limits: drainAtOnce, channels, keys: [key(next, "next")] })
    expect((await server.laba.reload()).changes).toEqual([{ key: "keys", holds: "now" }])
    expect(await byOld).toContain("event: close")
    await eventually(async () => expect(await listenersOf("/c")).toBe(1))
    expect(await listenersOf("/open")).toBe(1)
    server.set({ limits: drainAtOnce, channels: {}, keys: [key(next, "next")] })
    await server.laba.reload()
    expect(await byNobody).toContain('"code":"forbidden"')
    expect(await listenersOf("/c")).toBe(1)
    await server.laba.close()
    expect(await byNext).not.toContain("event: close")

    function listenersOf(channel: string): Promise<number> {
      return fetch(`${server.base}${channel}`, {
        method: "HEAD",
        headers: { authorization: `Bearer ${next.text}` },
      }).then(({ headers }) => Number(headers.get("laba-listeners")))
    }
  })
})

describe("a reload never opens a server that has keys:", () => {
  const key = makeKey("shop")
  const keys = [{ name: "shop", sha256: key.sha256, publish: ["/**"] }]
  const secret = "a secret of thirty-two bytes, or more"

  test.each<[string, ConfigInput]>([
    ["nothing at all", {}],
    ["an empty list of keys", { keys: [] }],
    ["open: true, which waits for a restart", { open: true }],
  ])("not by %s", async (_, next) => {
    await using server = await stage({ limits: drainAtOnce, keys })
    server.set({ limits: drainAtOnce, ...next })
    for (const dry of [true, false]) {
      const refused = await server.laba.reload({ dry }).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: "bad_config", detail: expect.stringContaining("has none") })
    }
    expect((await fetch(`${server.base}/c`, { method: "POST", body: "x" })).status).toBe(401)
    const headers = { authorization: `Bearer ${key.text}` }
    expect((await fetch(`${server.base}/c`, { method: "POST", body: "x", headers })).status).toBe(201)
    server.set({ limits: drainAtOnce, tokens: { secret } })
    expect((await server.laba.reload()).dry).toBeFalse()
    server.set({ limits: drainAtOnce, ...next })
    expect(await server.laba.reload().catch((error: unknown) => error)).toMatchObject({ code: "bad_config" })
  })

  test("not by a file of this folder that is emptied, or gone", async () => {
    await using folder = await emptyFolder()
    const file = join(folder.path, "laba.json")
    await Bun.write(file, JSON.stringify({ log: { format: "json" }, keys, limits: drainAtOnce }))
    await using run = new LabaProcess(["serve", "--port", "0"], { cwd: folder.path })
    const [, base] = await run.says(/listening on (http:\S+)/)
    await Bun.write(file, "")
    run.signal("SIGHUP")
    await run.says(/"event":"config_refused".*has none/)
    await rm(file)
    run.signal("SIGHUP")
    await run.says(/"event":"config_refused".*cannot read laba\.json/)
    expect((await fetch(`${base}/c`, { method: "POST", body: "x" })).status).toBe(401)
  })
})

test("SIGHUP reads the file again, and one with mistakes changes nothing", async () => {
  await using folder = await emptyFolder()
  const file = join(folder.path, "laba.json")
  const write = (queryBytesMax: unknown) =>
    Bun.write(
      file,
      JSON.stringify({ log: { level: "info", format: "json" }, limits: { queryBytesMax, drainSeconds: 0 } }),
    )
  await write(1000)
  await using run = new LabaProcess(["serve", "--port", "0", "--config", file], { cwd: folder.path })
  const [, base] = await run.says(/listening on (http:\S+)/)
  const status = async () => (await fetch(`${base}/c?x=${"y".repeat(500)}`)).status
  expect(await status()).toBe(204)
  await write(256)
  run.signal("SIGHUP")
  await run.says(/"event":"config_reloaded","changes":\["limits\.queryBytesMax"\]/)
  expect(await status()).toBe(414)
  await write("nonsense")
  run.signal("SIGHUP")
  await run.says(/"event":"config_refused".*limits\.queryBytesMax/)
  expect(await status()).toBe(414)
  run.signal("SIGTERM")
  expect(await run.ended()).toBe(0)
})
