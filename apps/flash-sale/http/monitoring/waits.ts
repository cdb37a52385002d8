// A histogram of seconds that somebody waited.

/** Upper bounds; the last count is of what took longer than all of them. */
export const waitSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const

export class Waits {
  readonly counts = Array.from({ length: waitSeconds.length + 1 }, () => 0)
  count = 0
  secondsSum = 0

  add(seconds: number): void {
    const at = waitSeconds.findIndex((bound) => seconds <= bound)
    this.counts[at < 0 ? waitSeconds.length : at]! += 1
    this.count += 1
    this.secondsSum += seconds
  }
}
