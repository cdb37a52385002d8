// Reads the body of one event stream. Chunk sizes, field names, ids and comments are stepped over: they never hold the
// marker that begins a message, so looking for it finds each message once. A message cut by a chunk would be a fault.
import { headBytes, marker } from "./message.ts"
import type { Tally } from "./tally.ts"

export class SseReader {
  private rest: Buffer | null = null
  /** Bytes of the present message's padding that have still to come. */
  private skip = 0
  private readonly listener: number
  private readonly tally: Tally
  private readonly messageBytes: number

  constructor(listener: number, tally: Tally, messageBytes: number) {
    this.listener = listener
    this.tally = tally
    this.messageBytes = messageBytes
  }

  read(chunk: Buffer): void {
    this.tally.bytes += chunk.length
    const bytes = this.rest ? Buffer.concat([this.rest, chunk]) : chunk
    this.rest = null
    let at = this.skip
    this.skip = 0
    while (at < bytes.length) {
      if (bytes[at] !== marker) {
        at++
        continue
      }
      if (at + headBytes > bytes.length) {
        this.rest = Buffer.from(bytes.subarray(at))
        return
      }
      this.tally.add(this.listener, bytes, at)
      at += this.messageBytes
    }
    this.skip = at - bytes.length
  }
}
