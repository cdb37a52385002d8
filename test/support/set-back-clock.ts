// A machine's clocks in a test's hands: the date, which somebody may set back, and the monotonic one, which only goes on.
import { spyOn } from "bun:test"

export class SetBackClock implements Disposable {
  private shiftMs = 0
  private passedMs = 0
  private readonly spies: readonly Disposable[]

  /** From here on: what reads the clocks afterwards is told theirs. */
  constructor() {
    const dateMs = Date.now()
    const monotonicMs = performance.now()
    this.spies = [
      spyOn(Date, "now").mockImplementation(() => dateMs + this.passedMs + this.shiftMs),
      spyOn(performance, "now").mockImplementation(() => monotonicMs + this.passedMs),
    ]
  }

  pass(ms: number): void {
    this.passedMs += ms
  }

  setBack(ms: number): void {
    this.shiftMs -= ms
  }

  [Symbol.dispose](): void {
    for (const spy of this.spies) spy[Symbol.dispose]()
  }
}
