// What is on its way to one TCP peer: joined within a turn, kept where the kernel takes no more. Chunks are kept as they came, so that what many
// peers are sent is in memory once. Knows bytes, not what they are.

/** As much of a socket as is written to. */
interface Sink {
  /** How many bytes were taken; less than none when it is gone. */
  write(bytes: Uint8Array): number
}

/** What is written at once of a longer chunk: about what a kernel takes from one who reads. */
const pieceBytesMax = 256 * 1024

/** Where short chunks are joined for one write. One for all outboxes: a write is over when it returns. */
const joined = new Uint8Array(64 * 1024)

/** Chunks that have left are let go once there are so many, or the array would be copied for each. */
const leftChunksMax = 64

export class Outbox {
  /** Those before `first` have left. */
  private chunks: (Uint8Array | null)[] = []
  private first = 0
  /** Bytes of the first chunk that have left. */
  private offset = 0
  private isScheduled = false
  /** The kernel takes no more for now, and says when it does: until then what is added is only kept. */
  private isBlocked = false
  private readonly sink: Sink
  private readonly onFlushed: () => void
  /** What waits. */
  bytes = 0

  /** `onFlushed`: some of it was taken, or there was nothing left. */
  constructor(sink: Sink, onFlushed: () => void) {
    this.sink = sink
    this.onFlushed = onFlushed
  }

  /** What is added in one turn leaves in one write. The chunk may be others' too, and must not change. */
  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (this.isScheduled || this.isBlocked) return
    this.isScheduled = true
    queueMicrotask(() => {
      this.isScheduled = false
      this.flush()
    })
  }

  /** Hands over what the kernel takes. Called by itself, and when the kernel takes more again. */
  flush(): void {
    this.isBlocked = false
    while (this.bytes > 0 && !this.isBlocked) {
      const piece = this.nextPiece()
      const taken = Math.max(0, this.sink.write(piece))
      // Whoever was told so may have cleared it.
      if (this.bytes === 0) break
      this.isBlocked = taken < piece.length
      this.drop(taken)
    }
    this.onFlushed()
  }

  clear(): void {
    this.chunks = []
    this.first = 0
    this.offset = 0
    this.bytes = 0
  }

  /** What is at the front: of a long chunk a piece of it, else as many as fit into one write. */
  private nextPiece(): Uint8Array {
    const start = this.chunks[this.first] as Uint8Array
    const left = start.length - this.offset
    if (left === this.bytes || left >= joined.length)
      return start.subarray(this.offset, this.offset + pieceBytesMax)
    let length = 0
    let { offset } = this
    for (let at = this.first; at < this.chunks.length && length < joined.length; at++) {
      const chunk = this.chunks[at] as Uint8Array
      const part = chunk.subarray(offset, offset + joined.length - length)
      joined.set(part, length)
      length += part.length
      offset = 0
    }
    return joined.subarray(0, length)
  }

  private drop(count: number): void {
    this.bytes -= count
    this.offset += count
    for (;;) {
      const chunk = this.chunks[this.first]
      if (!chunk || this.offset < chunk.length) break
      this.offset -= chunk.length
      this.chunks[this.first++] = null
    }
    if (this.first === this.chunks.length) this.chunks = []
    else if (this.first >= leftChunksMax) this.chunks.splice(0, this.first)
    else return
    this.first = 0
  }
}
