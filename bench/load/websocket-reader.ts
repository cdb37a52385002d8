// Reads what a server writes to one WebSocket: just enough of RFC 6455 to count messages, answer pings and see a close.
// It allocates only when a frame is cut in two.
import { headBytes, marker } from "./message.ts"
import type { Tally } from "./tally.ts"

/** An empty pong, masked with zeros as a client's frames must be. */
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** Hears a text frame that is none of our messages: a protocol's greeting, for example. What it returns is sent back. */
export type Words = (text: string) => string | undefined

interface Pipe {
  write(bytes: Uint8Array): unknown
}

export class WebSocketReader {
  /** Set when a close frame came; 1005 when it had no code. */
  closeCode: number | undefined
  private rest: Buffer | null = null
  private markerHint = 0
  private readonly listener: number
  private readonly tally: Tally
  private readonly words: Words | undefined

  constructor(listener: number, tally: Tally, words?: Words) {
    this.listener = listener
    this.tally = tally
    this.words = words
  }

  read(chunk: Buffer, pipe: Pipe): void {
    this.tally.bytes += chunk.length
    const bytes = this.rest ? Buffer.concat([this.rest, chunk]) : chunk
    this.rest = null
    let at = 0
    while (at + 2 <= bytes.length) {
      let length = (bytes[at + 1] as number) & 0x7f
      let payload = at + 2
      if (length === 126) {
        payload = at + 4
        if (payload > bytes.length) break
        length = bytes.readUInt16BE(at + 2)
      } else if (length === 127) {
        payload = at + 10
        if (payload > bytes.length) break
        length = Number(bytes.readBigUInt64BE(at + 2))
      }
      if (payload + length > bytes.length) break
      this.frame((bytes[at] as number) & 0x0f, bytes, payload, length, pipe)
      at = payload + length
    }
    if (at < bytes.length) this.rest = Buffer.from(bytes.subarray(at))
  }

  private frame(opcode: number, bytes: Buffer, start: number, length: number, pipe: Pipe): void {
    if (opcode === 1) {
      const found = this.findMarker(bytes, start, start + length)
      if (found >= 0) return this.tally.add(this.listener, bytes, found)
      const answer = this.words?.(bytes.toString("utf8", start, start + length))
      if (answer !== undefined) pipe.write(maskedText(answer))
    } else if (opcode === 9) {
      pipe.write(pong)
    } else if (opcode === 8) {
      this.closeCode = length >= 2 ? bytes.readUInt16BE(start) : 1005
    } else if (opcode !== 10) {
      this.tally.fault(`listener ${this.listener} got a frame with opcode ${opcode}`)
    }
  }

  /** A protocol's envelope has the same length nearly always, so the place of last time is tried first. */
  private findMarker(bytes: Buffer, start: number, end: number): number {
    const last = end - headBytes
    const hint = start + this.markerHint
    if (hint <= last && bytes[hint] === marker) return hint
    for (let at = start; at <= last; at++) {
      if (bytes[at] === marker) {
        this.markerHint = at - start
        return at
      }
    }
    return -1
  }
}

/** A short text frame as a client sends it, masked with zeros. */
export function maskedText(text: string): Buffer {
  const payload = Buffer.from(text)
  if (payload.length > 65_535) throw new RangeError("A bench sends short frames only.")
  const head =
    payload.length < 126
      ? [0x81, 0x80 | payload.length, 0, 0, 0, 0]
      : [0x81, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]
  return Buffer.concat([Buffer.from(head), payload])
}
