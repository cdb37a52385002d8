// What has happened since the start, for the metrics: admitted, refused by reason, and how long a decision took.
import type { RefusalCode } from "../model/refusal.ts"

/** Upper bounds of the histogram of seconds from ticket to decision. */
export const decisionSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const

export class Counters {
  admitted = 0
  repeated = 0
  decided = 0
  readonly refused = new Map<RefusalCode, number>()
  readonly decisions = Array.from({ length: decisionSeconds.length + 1 }, () => 0)
  decisionSecondsSum = 0

  refuse(code: RefusalCode): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
  }

  decide(seconds: number): void {
    this.decided += 1
    this.decisionSecondsSum += seconds
    const at = decisionSeconds.findIndex((bound) => seconds <= bound)
    this.decisions[at < 0 ? decisionSeconds.length : at]! += 1
  }
}
