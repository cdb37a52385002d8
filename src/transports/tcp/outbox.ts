// What is on its way to one TCP peer: joined within a turn, kept where the kernel takes no more. Knows bytes, not what they are.

/** As much of a socket as is written to. */
interface Sink {
  /** How many bytes were taken; less than none when it is gone. */
  write(bytes: Uint8Array): number
}

export class Outbox {
  private chunks: Uint8Array[] = []
  private isScheduled = false
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
    if (this.isScheduled) return
    this.isScheduled = true
    queueMicrotask(() => {
      this.isScheduled = false
      this.flush()
    })
  }

  /** Hands over what the kernel takes. Called by itself, and when the kernel takes more again. */
  flush(): void {
    if (this.chunks.length > 0) {
      const all = this.chunks.length === 1 ? (this.chunks[0] as Uint8Array) : Buffer.concat(this.chunks)
      const taken = Math.max(0, this.sink.write(all))
      this.chunks = taken === all.length ? [] : [all.subarray(taken)]
      this.bytes = all.length - taken
    }
    this.onFlushed()
  }

  clear(): void {
    this.chunks = []
    this.bytes = 0
  }
}
