// WebSocket messages in fragments that are never finished, also where nothing may be published. The runtime keeps them and
// shows no event for them, so what is held here is what they cost: SECURITY.md says how much that is.
import type { Attack } from "../attack.ts"
import { viaLine } from "../attacked-server.ts"
import { RawConnection } from "../../support/raw-tcp.ts"
import { handshakeHeaders } from "../../support/websocket-frames.ts"

const sockets = 100
/** Text, not final, masked with zeros, of 32,000 bytes; then as many continuations. */
const fragment = (opcode: number): Uint8Array =>
  Uint8Array.of(
    opcode,
    0x80 | 126,
    32_000 >> 8,
    32_000 & 255,
    0,
    0,
    0,
    0,
    ...new Uint8Array(32_000).fill(120),
  )

export const unfinishedFragments: Attack = {
  name: "sends WebSocket messages in fragments and never finishes them",
  // 350 KB are sent on each: below the runtime's one maximum for all sockets, so it keeps them.
  bounds: { grownBytesMax: sockets * 512 * 1024 },
  async run(server) {
    await using all = new AsyncDisposableStack()
    for (let at = 0; at < sockets; at++) {
      const socket = all.use(await RawConnection.open(server.base))
      socket.request("GET /news/a", [`Host: ${server.host}`, viaLine, ...handshakeHeaders])
      const answer = await socket.answer()
      if (answer?.status !== 101) return [`no upgrade: ${answer?.status}`]
      socket.send(fragment(1))
      for (let more = 0; more < 10 && !socket.ended; more++) {
        socket.send(fragment(0))
        await Bun.sleep(0)
      }
    }
    return []
  },
}
