// `kill -9`, and back at the same address with nothing remembered: every listener learns that it must reload.
import { describe, expect, test } from "bun:test"
import { EventSourceListener } from "../support/event-source-package.ts"
import { textOf } from "../support/heard.ts"
import { startProcess } from "../support/process.ts"
import { publish } from "../support/publish.ts"
import { everyTransport, resumingTransports, sockJsServices } from "../support/transports.ts"
import { startCursor } from "../conformance/cases/resume.ts"

const config = sockJsServices("/killed")

describe("a server that is killed", () => {
  test("[C4] answers reset to every cursor from before, on every transport, and then goes on", async () => {
    const first = await startProcess({ config })
    const channelOf = (name: string) => `/killed/${name.replaceAll(/[^a-z]/gi, "-")}`
    const held = await Promise.all(
      resumingTransports.map(async (transport) => {
        const channel = channelOf(transport.name)
        const cursor = await startCursor(transport, first.base, channel)
        await publish(first.base + channel, "before")
        return { transport, channel, cursor }
      }),
    )
    const { port } = first
    await first.killHard()
    await first[Symbol.asyncDispose]()
    await using second = await startProcess({ port, config })
    for (const { transport, channel, cursor } of held) {
      await using listener = await transport.open(second.base, channel, cursor)
      const reset = await listener.reset()
      if (!transport.tellsCursor) continue
      expect([transport.name, reset.reason]).toEqual([transport.name, "epoch"])
      await publish(second.base + channel, "after")
      expect(textOf(await listener.message())).toBe("after")
    }
  }, 60_000)

  test("ends every WebSocket and stream at once, so that nobody listens to silence", async () => {
    await using server = await startProcess({ config })
    const listeners = await Promise.all(
      everyTransport.filter((one) => one.isHeld).map((one) => one.open(server.base, "/killed")),
    )
    await server.killHard()
    for (const listener of listeners) {
      // A stream that breaks is an error to fetch; a WebSocket that breaks is a close.
      const ended = await listener.end().then(() => "ended", String)
      expect(ended).not.toContain("nothing came within")
      await listener[Symbol.asyncDispose]()
    }
  }, 60_000)

  test("is come back to by `eventsource` by itself, which then hears the reset", async () => {
    const first = await startProcess()
    await using source = new EventSourceListener(`${first.base}/killed`)
    expect(await source.next()).toEqual({ event: "open" })
    await publish(`${first.base}/killed`, "before")
    expect(await source.next()).toMatchObject({ event: "message", data: "before" })
    await first.killHard()
    await first[Symbol.asyncDispose]()
    await using second = await startProcess({ port: first.port })
    let line = await source.next()
    while (line.event === "error" || line.event === "open") line = await source.next()
    expect(line).toMatchObject({ event: "reset" })
    await publish(`${second.base}/killed`, "after")
    expect(await source.next()).toMatchObject({ event: "message", data: "after" })
  }, 60_000)
})
