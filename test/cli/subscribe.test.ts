import { describe, expect, test } from "bun:test"
import { publish } from "../support/publish.ts"
import { startProcess } from "../support/process.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { laba, LabaProcess } from "./laba.ts"

const ways = [
  ["WebSocket", []],
  ["server-sent events", ["--sse"]],
] as const

/** Waits until the server counts this many listeners, so that what is published next is heard live. */
async function listened(url: string, listeners = 1): Promise<void> {
  while (Number((await fetch(url, { method: "HEAD" })).headers.get("laba-listeners")) < listeners)
    await Bun.sleep(5)
}

describe.each(ways)("laba subscribe by %s", (_, flags) => {
  test("prints each payload on a line and ends after the count", async () => {
    await using server = await startServer()
    const channel = freshChannel()
    await using listener = new LabaProcess([
      "subscribe",
      channel,
      "--url",
      server.base,
      "--count",
      "2",
      ...flags,
    ])
    await listened(server.base + channel)
    await publish(server.base + channel, "number 41, 喇叭")
    await publish(server.base + channel, '{"a": 1}', { type: "application/json" })
    expect(await listener.ended()).toBe(0)
    expect(listener.out.replace('{"a": 1}', '{"a":1}')).toBe('number 41, 喇叭\n{"a":1}\n')
    expect(listener.err).toBe("")
  })

  test("starts after a cursor, prints JSON with cursors, and stops at the count though more is there", async () => {
    await using server = await startServer()
    const channel = freshChannel()
    const cursors: string[] = []
    for (const text of ["a", "b", "c", "d"]) cursors.push((await publish(server.base + channel, text)).cursor)
    const after = ["--after", cursors[0] as string]
    const { code, out } = await laba([
      "subscribe",
      server.base + channel,
      "--json",
      "--count",
      "2",
      ...after,
      ...flags,
    ])
    expect(code).toBe(0)
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { channel, cursor: cursors[1], data: "b" },
      { channel, cursor: cursors[2], data: "c" },
    ])
  })

  test("prints bytes as they are", async () => {
    await using server = await startServer()
    const channel = freshChannel()
    const { cursor } = await publish(server.base + channel, "x")
    await publish(server.base + channel, "bytes\0!", { type: "application/octet-stream" })
    const { out } = await laba([
      "subscribe",
      server.base + channel,
      "--count",
      "1",
      "--after",
      cursor,
      ...flags,
    ])
    expect(out).toBe("bytes\0!\n")
  })

  test("comes back to a server that was killed, and says that what it held is a reset", async () => {
    await using first = await startProcess()
    const channel = freshChannel()
    await using listener = new LabaProcess(["subscribe", first.base + channel, ...flags])
    await listened(first.base + channel)
    await publish(first.base + channel, "before")
    await listener.says(/before/)
    await first.killHard()
    await listener.says(/coming back/)
    await using second = await startProcess({ port: first.port })
    await listener.says(/reset \(epoch\)/)
    await publish(second.base + channel, "after")
    await listener.says(/after\n/)
    expect(listener.out).toBe("before\nafter\n")
    await listener.says(/laba: connected again\n/)
  })

  test("gives up when the server says to stay away, with its code", async () => {
    await using server = await startServer({ channels: { "/closed": { listen: "nobody" } } })
    const { code, err } = await laba(["subscribe", "/closed", "--url", server.base, ...flags])
    expect(code).toBe(1)
    expect(err).toMatch(/^laba: forbidden: .+\n$/)
  })

  test("keeps trying while nothing listens there, and ends by a signal", async () => {
    await using listener = new LabaProcess(["subscribe", "/c", "--url", "http://127.0.0.1:1", ...flags])
    await listener.says(/coming back/)
    listener.signal("SIGINT")
    expect(await listener.ended()).toBe("SIGINT")
  })
})
