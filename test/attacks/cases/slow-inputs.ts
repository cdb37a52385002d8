// Requests that begin and go on by a byte now and then, in every part that a request has: others are served, and all are cut.
import { RawConnection } from "../../support/raw-tcp.ts"
import type { Attack } from "../attack.ts"

const beginnings = (host: string): readonly string[] => [
  "P",
  "POST /open/slow HTTP/1.1\r\n",
  `POST /open/slow HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `,
  `POST /open/slow HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/plain\r\nContent-Length: 60000\r\n\r\n`,
  `POST /open/slow HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`,
  `POST /open/slow HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n`,
  `POST /_/session HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n[`,
  `GET /open/slow HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: `,
  `POST /_/api/publish HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer `,
]

const inputs = 811
/** Longer than the ten seconds that a request has. */
const secondsMax = 25

export const slowInputs: Attack = {
  name: "begins 811 requests in every part that one has, and goes on byte by byte",
  async run(server) {
    await using all = new AsyncDisposableStack()
    const starts = beginnings(server.host)
    const connections: RawConnection[] = []
    for (let at = 0; at < inputs; at++) {
      const connection = all.use(await RawConnection.open(server.base))
      connection.send(starts[at % starts.length] as string)
      connections.push(connection)
    }
    const giveUpAt = Date.now() + secondsMax * 1000
    // Half go on by a byte each two seconds; the others say nothing more.
    for (let round = 0; connections.some(({ ended }) => !ended) && Date.now() < giveUpAt; round++) {
      for (const [at, connection] of connections.entries())
        if (!connection.ended && at % 2 === 0 && round % 4 === 0) connection.send("x")
      await Bun.sleep(500)
    }
    const left = connections.filter(({ ended }) => !ended).length
    const published = await server.kept("/open/slow")
    return [
      ...(left > 0 ? [`${left} of ${inputs} are still open`] : []),
      ...(published > 0 ? [`${published} were published`] : []),
    ]
  },
}
