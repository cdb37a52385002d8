// Waits that end early when whoever waits is stopped.

interface Clock {
  /** Runs once the time is over; the answer calls it off. */
  after(ms: number, run: () => void): () => void
}

export class StoppableWaits {
  private readonly clock: Clock
  private readonly ends = new Set<() => void>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Resolves when the time is over, or all are ended. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.ends.delete(end)
        cancel()
        resolve()
      }
      const cancel = this.clock.after(ms, end)
      this.ends.add(end)
    })
  }

  endAll(): void {
    for (const end of this.ends) end()
  }
}
