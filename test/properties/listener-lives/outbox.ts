// What waits for one reader. It takes all at once, or nothing while it stalls.

export const outboxBytesMax = 400

export class Outbox {
  stalled = false
  waiting = 0
  private waiters: (() => void)[] = []
  /** Told when a stalled reader has been given too much to be left alone. */
  onOver: () => void = () => {}

  add(bytes: number): void {
    if (!this.stalled) return
    this.waiting += bytes
    if (this.waiting > outboxBytesMax) this.onOver()
  }

  ready(): Promise<void> | null {
    return this.waiting * 4 <= outboxBytesMax ? null : this.drained()
  }

  drained(): Promise<void> {
    return new Promise((resolve) => void this.waiters.push(resolve))
  }

  /** It has read all, or is closed. */
  drain(): void {
    this.waiting = 0
    const { waiters } = this
    this.waiters = []
    for (const resolve of waiters) resolve()
  }
}
