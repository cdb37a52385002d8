// What was accepted and is not answered yet: requests, and messages of connections that wait for the application. A node that
// ends waits for it.

export class InFlight {
  private count = 0
  private waiting: (() => void)[] = []

  begin(): void {
    this.count++
  }

  end(): void {
    this.count--
    if (this.count > 0) return
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Resolves when there is nothing, for the moment. */
  none(): Promise<void> {
    if (this.count === 0) return Promise.resolve()
    return new Promise((resolve) => void this.waiting.push(resolve))
  }
}
