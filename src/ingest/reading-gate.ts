// Where a source's reading stops: while it is paused, while its receiver takes nothing more, and for good when it is closed.
// What was read and not taken by then is dropped; it was never acknowledged.
import type { SourceMessage, SourceReceiver } from "./source.ts"

export class ReadingGate {
  private readonly receiver: SourceReceiver
  private paused = false
  private closed = false
  private woken = Promise.withResolvers<void>()
  private endTake = (): void => {}

  constructor(receiver: SourceReceiver) {
    this.receiver = receiver
  }

  get isClosed(): boolean {
    return this.closed
  }

  get isPaused(): boolean {
    return this.paused
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.wake()
  }

  /** Ends every wait here, and what the receiver has not taken yet is waited for no longer. */
  close(): void {
    this.closed = true
    this.endTake()
    this.wake()
  }

  /** Lets everybody who waits look again. */
  wake(): void {
    this.woken.resolve()
    this.woken = Promise.withResolvers()
  }

  /** Until the next wake. */
  wait(): Promise<void> {
    return this.woken.promise
  }

  /** While it is paused, unless something else is to be done. */
  async whilePaused(isInterrupted: () => boolean = () => false): Promise<void> {
    while (this.paused && !this.closed && !isInterrupted()) await this.woken.promise
  }

  /** Hands messages over and waits until more may come. Drops them when it is closed, or something else is to be done first. */
  async handOver(
    messages: readonly SourceMessage[],
    isInterrupted: () => boolean = () => false,
  ): Promise<void> {
    if (messages.length === 0) return
    await this.whilePaused(isInterrupted)
    if (this.closed || isInterrupted()) return
    await new Promise<void>((resolve) => {
      this.endTake = resolve
      void this.receiver.take(messages).then(resolve)
    })
  }
}
