// Waits that end early when whoever waits is stopped.
import type { Clock } from "./clock.ts"

type Timer = Pick<Clock, "after">

export class StoppableWaits {
  private readonly clock: Timer
  private readonly ends = new Set<() => void>()

  constructor(clock: Timer) {
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
