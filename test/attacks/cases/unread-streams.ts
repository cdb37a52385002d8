// Streams that are opened and never read, of channels whose rule says `latest` and that somebody fills.
import type { Attack } from "../attack.ts"
import { attackerAddress } from "../attacked-server.ts"
import { RawConnection } from "../../support/raw-tcp.ts"

export const unreadStreams: Attack = {
  name: "opens streams of channels that skip, and of others, and never reads them",
  config: { limits: { outboxBytesMax: "64KB" } },
  // A hundred streams, each an outbox and what a kernel holds for it.
  bounds: { grownBytesMax: 128 * 2 ** 20 },
  async run(server) {
    await using streams = new AsyncDisposableStack()
    for (let at = 0; at < 100; at++) {
      const stream = streams.use(await RawConnection.open(server.base))
      stream.request(`GET ${at % 2 === 0 ? "/latest/a" : "/news/a"}`, [
        `Host: ${server.host}`,
        `X-Forwarded-For: ${attackerAddress}`,
        "Accept: text/event-stream",
      ])
      stream.stall()
    }
    const body = "x".repeat(60 * 1024)
    for (let at = 0; at < 300; at++)
      for (const channel of ["/latest/a", "/news/a"]) await server.withKey(channel, { method: "POST", body })
    return []
  },
}
