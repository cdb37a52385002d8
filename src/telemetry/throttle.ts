// Lets through so many of a kind in a second and counts the rest, so that a flood of refusals is not a flood of lines.

/** What is let through of each kind in a second. */
const perSecondMax = 10

export class Throttle {
  private readonly now: () => number
  private readonly kinds = new Map<string, { since: number; passed: number; held: number }>()

  /** `now` in monotonic milliseconds. Kinds are ours, so there are few of them. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now
  }

  /** How many were held back since the last that passed; null when this one is held back too. */
  pass(kind: string): number | null {
    const now = this.now()
    let state = this.kinds.get(kind)
    if (!state) {
      state = { since: now, passed: 0, held: 0 }
      this.kinds.set(kind, state)
    }
    if (now - state.since >= 1000) {
      state.since = now
      state.passed = 0
    }
    if (state.passed >= perSecondMax) {
      state.held++
      return null
    }
    state.passed++
    const { held } = state
    state.held = 0
    return held
  }
}
