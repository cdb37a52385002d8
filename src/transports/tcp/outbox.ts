// What is on its way to one TCP peer: joined within a turn, kept where the kernel takes no more. Knows bytes, not what they are.

/** As much of a socket as is written to. */
interface Sink {
  /** How many bytes were taken; less than none when it is gone. */
  write(bytes: Uint8Array): number
}

/** What is written at once, and copied for it: about what a kernel takes from one who reads. */
const pieceBytes = 256 * 1024

export class Outbox {
  private chunks: Uint8Array[] = []
  private isScheduled = false
  /** The kernel takes no more for now, and says when it does: until then what is added is only kept, or each addition would copy all of it. */
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

  /** What is added in one turn leaves in one write. */
  add(chunk: Uint8Array): void {
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
    while (this.chunks.length > 0 && !this.isBlocked) {
      const piece = this.takePiece()
      const taken = Math.max(0, this.sink.write(piece))
      this.bytes -= taken
      this.isBlocked = taken < piece.length
      if (this.isBlocked) this.chunks.unshift(piece.subarray(taken))
    }
    this.onFlushed()
  }

  clear(): void {
    this.chunks = []
    this.bytes = 0
  }

  private takePiece(): Uint8Array {
    let count = 0
    for (let bytes = 0; count < this.chunks.length && bytes < pieceBytes; count++)
      bytes += (this.chunks[count] as Uint8Array).length
    const chunks = this.chunks.splice(0, count)
    return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
  }
}
