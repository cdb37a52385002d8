// WebSocket over raw TCP (RFC 6455): a handshake and a reader of the server's frames, for listeners that stall, drip or
// never answer a ping.
import { RawConnection } from "./raw-tcp.ts"

interface WebSocketFrame {
  /** 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number
  readonly payload: Uint8Array
}

/** What a client asks to become a WebSocket with, beside its Host. */
export const handshakeHeaders: readonly string[] = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]

/** Opens a WebSocket that answers nothing by itself, once the server agreed. */
export async function openRawWebSocket(
  base: string,
  target: string,
  protocol?: string,
): Promise<RawConnection> {
  const connection = await RawConnection.open(base)
  const headers = [`Host: ${new URL(base).host}`, ...handshakeHeaders]
  if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
  connection.request(`GET ${target}`, headers)
  const answer = await connection.answer()
  if (answer?.status !== 101) throw new Error(`no upgrade: ${JSON.stringify(answer)}`)
  return connection
}

/** A client's frame: final, masked with zeros, which the standard allows and which leaves the payload readable. */
export function clientFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const long = payload.length > 125
  const head = long
    ? [0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 255]
    : [0x80 | opcode, 0x80 | payload.length]
  return Uint8Array.of(...head, 0, 0, 0, 0, ...payload)
}

/** The whole frames in what came after the handshake. */
export function framesIn(received: Uint8Array): WebSocketFrame[] {
  const frames: WebSocketFrame[] = []
  const view = new DataView(received.buffer, received.byteOffset, received.byteLength)
  let at = headEnd(received)
  while (at + 2 <= received.length) {
    const opcode = view.getUint8(at) & 15
    const short = view.getUint8(at + 1) & 127
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0
    if (at + 2 + extra > received.length) break
    const length =
      short === 126 ? view.getUint16(at + 2) : short === 127 ? Number(view.getBigUint64(at + 2)) : short
    const from = at + 2 + extra
    if (from + length > received.length) break
    frames.push({ opcode, payload: received.slice(from, from + length) })
    at = from + length
  }
  return frames
}

/** A close frame's number and reason. */
export function closeOf(frame: WebSocketFrame): { number: number; reason: string } {
  const view = new DataView(frame.payload.buffer, frame.payload.byteOffset, frame.payload.byteLength)
  return { number: view.getUint16(0), reason: new TextDecoder().decode(frame.payload.slice(2)) }
}

function headEnd(received: Uint8Array): number {
  const at = Buffer.from(received).indexOf("\r\n\r\n")
  return at < 0 ? received.length : at + 4
}
