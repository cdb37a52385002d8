// What ends must be gone: streams and sockets whose readers stalled give back their descriptors, although the reader
// never reads again and never closes.
import { describe, expect, test } from "bun:test"
import { publish } from "../support/publish.ts"
import { startProcess } from "../support/process.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { openRawWebSocket } from "../support/websocket-frames.ts"

const readers = 10

async function stallStream(base: string, channel: string): Promise<RawConnection> {
  const connection = await RawConnection.open(base)
  connection.request(`GET ${channel}`, [`Host: ${new URL(base).host}`, "Accept: text/event-stream"])
  await connection.until(() => (connection.text.includes("id:") ? true : null))
  connection.stall()
  return connection
}

async function stallSocket(base: string, channel: string): Promise<RawConnection> {
  const connection = await openRawWebSocket(base, channel)
  connection.stall()
  return connection
}

const endings = [
  {
    name: "streams ended by `streamSecondsMax`",
    stall: stallStream,
    limits: { streamSecondsMax: 2, heartbeatSeconds: 1 },
  },
  { name: "streams ended as slow", stall: stallStream, limits: { outboxBytesMax: 1024 * 1024 } },
  { name: "WebSockets closed as slow", stall: stallSocket, limits: { outboxBytesMax: 4 * 1024 * 1024 } },
] as const

describe("a reader that stalls and stays", () => {
  for (const { name, stall, limits } of endings) {
    test.concurrent(
      `frees the descriptors of ${name}`,
      async () => {
        await using server = await startProcess({ config: { limits } })
        const url = `${server.base}/stalled`
        await publish(url, "warm")
        const before = await server.descriptors()
        const stalled = await Promise.all(
          Array.from({ length: readers }, () => stall(server.base, "/stalled")),
        )
        expect(await server.descriptors()).toBeGreaterThanOrEqual(before + readers)
        // More than the kernel takes for a reader, so that a backlog is left in the server.
        for (let number = 0; number < 200; number++) await publish(url, "x".repeat(60 * 1024))
        const giveUpAt = Date.now() + 40_000
        // Connections of our own publishing may stay open for a while; they are fewer than the readers.
        while ((await server.descriptors()) > before + 3 && Date.now() < giveUpAt) await Bun.sleep(200)
        expect(await server.descriptors()).toBeLessThanOrEqual(before + 3)
        for (const one of stalled) await one[Symbol.asyncDispose]()
      },
      60_000,
    )
  }
})
