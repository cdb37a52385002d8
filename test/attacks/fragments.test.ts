// A WebSocket message in pieces of which the last never comes. The runtime keeps the pieces and tells nobody of them, so all
// that can be bounded is their sum: what the largest frame needs, on every socket, whatever may be published there.
import { expect, test } from "bun:test"
import { defaultLimits } from "../../wire/limits.ts"
import type { RawConnection } from "../support/raw-tcp.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { clientFrame, framesIn, openRawWebSocket } from "../support/websocket-frames.ts"

const pieceBytes = 32 * 1024

/** The first piece of a text, or a further one; never the last. */
function piece(isFirst: boolean): Uint8Array {
  const frame = clientFrame(isFirst ? 1 : 0, new Uint8Array(pieceBytes).fill(120))
  frame[0] = isFirst ? 1 : 0
  return frame
}

/** Sends pieces until the server has had enough or `max` were sent; answers how many it took. */
async function sendPieces(socket: RawConnection, max: number): Promise<number> {
  let sent = 0
  while (sent < max && !socket.ended) {
    socket.send(piece(sent === 0))
    sent++
    await Bun.sleep(2)
  }
  return sent
}

test("what pieces may keep is bounded by the largest frame, where nothing may be published too", async () => {
  await using server = await startServer({ channels: { "/**": { publish: "nobody" } } })
  const channel = freshChannel()
  for (const [target, protocol] of [
    [channel, undefined],
    ["/_/ws", "laba.v1"],
  ] as const) {
    await using socket = await openRawWebSocket(server.base, target, protocol)
    const frameBytesMax = defaultLimits.messageBytesMax * 6 + 4096
    const sent = await sendPieces(socket, 1000)
    expect(socket.ended).toBe(true)
    // It is over once the next piece would be above the bound; a few more may have been on their way.
    expect(sent * pieceBytes).toBeGreaterThanOrEqual(frameBytesMax - pieceBytes)
    expect(sent).toBeLessThan(1000)
  }
  expect((await fetch(server.base + channel)).status).toBe(204)
})

/** All that Bun 1.4.5 shows of a server's WebSocket. */
const known = [
  "binaryType",
  "close",
  "constructor",
  "cork",
  "data",
  "getBufferedAmount",
  "isPaused",
  "isSubscribed",
  "pause",
  "ping",
  "pong",
  "publish",
  "publishBinary",
  "publishText",
  "readyState",
  "remoteAddress",
  "resume",
  "send",
  "sendBinary",
  "sendText",
  "subscribe",
  "subscriptions",
  "terminate",
  "unsubscribe",
]

// When this fails the runtime has learned to tell of pieces, or of what it keeps of them: then bound them by it.
test("the runtime tells of a piece by nothing at all", async () => {
  const told: string[] = []
  let members: string[] = []
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, bun) => (bun.upgrade(request, { data: undefined }) ? undefined : new Response()),
    websocket: {
      open(ws) {
        members = Object.getOwnPropertyNames(Object.getPrototypeOf(ws)).sort()
      },
      message: () => void told.push("message"),
      drain: () => void told.push("drain"),
      ping: () => void told.push("ping"),
      pong: () => void told.push("pong"),
      close: () => void told.push("close"),
      error: () => void told.push("error"),
    },
  })
  await using socket = await openRawWebSocket(server.url.href.slice(0, -1), "/")
  socket.send(piece(true))
  socket.send(piece(false))
  // A ping may stand between pieces; once it is answered, the pieces were read.
  socket.send(clientFrame(9, new Uint8Array(0)))
  await socket.until(() => (framesIn(socket.bytes).some(({ opcode }) => opcode === 10) ? true : null))
  expect(told).toEqual(["ping"])
  expect(members).toEqual(known)
})
