// Streams that ask for a long history and stop reading: what is published meanwhile must not be kept for them without bound.
import type { Attack } from "../attack.ts"
import { viaLine } from "../attacked-server.ts"
import { RawConnection } from "../../support/raw-tcp.ts"

const channelsTried = 10
const body = "x".repeat(60 * 1024)

export const stalledReplays: Attack = {
  name: "resumes streams from the beginning of long histories and stops reading them",
  config: {
    channels: { "/long/**": { listen: "anyone", history: { count: 2000, bytes: "8MB", time: "1h" } } },
    limits: { historyBytesMax: "64MB" },
  },
  bounds: { grownBytesMax: 400 * 2 ** 20 },
  async run(server) {
    await using streams = new AsyncDisposableStack()
    const names = Array.from({ length: channelsTried }, (_, at) => `/long/${at}`)
    const cursors = new Map<string, string>()
    for (const name of names) {
      const first = (await (await server.withKey(name, { method: "POST", body })).json()) as {
        cursor: string
      }
      cursors.set(name, first.cursor)
      for (let at = 0; at < 100; at++) await server.withKey(name, { method: "POST", body })
    }
    for (const name of names) {
      const stream = streams.use(await RawConnection.open(server.base))
      stream.request(`GET ${name}?after=${cursors.get(name)}`, [
        `Host: ${server.host}`,
        viaLine,
        "Accept: text/event-stream",
      ])
      stream.stall()
    }
    for (let at = 0; at < 1000; at++)
      await Promise.all(names.map((name) => server.withKey(name, { method: "POST", body })))
    return []
  },
}
