// Stops calling a backend that does not answer: asks fail at once instead of waiting, and one request at a time tries
// whether it is back. Knows no requests.
import { type Backoff, boundMs } from "../../../../wire/backoff.ts"

/** Failures in a row that open it; of one caller's requests that were not answered in time, one counts. */
export const failuresMax = 5

/** A backend that is back is noticed within this. */
export const longestWaitMs = 30_000
const backoff: Backoff = { minMs: 1000, maxMs: longestWaitMs }

interface CircuitBreakerOptions {
  /** Monotonic milliseconds: no clock that is set back keeps it open. */
  readonly now?: () => number
  /** 0 to 1. */
  readonly chance?: () => number
}

export type CircuitState = "closed" | "open" | "half-open"

export class CircuitBreaker {
  private readonly now: () => number
  private readonly chance: () => number
  private failures = 0
  /** Whose requests were not answered in time since the last answer. At most as many as open it. */
  private readonly lateCallers = new Set<string>()
  /** How often in a row it has opened, or a try has failed. */
  private openings = 0
  private opensAgainMs: number | null = null
  private trying = false

  constructor({ now = () => performance.now(), chance = Math.random }: CircuitBreakerOptions = {}) {
    this.now = now
    this.chance = chance
  }

  get state(): CircuitState {
    if (this.opensAgainMs === null) return "closed"
    return this.trying || this.msUntilTry === 0 ? "half-open" : "open"
  }

  /** Until one request may try, in milliseconds. */
  get msUntilTry(): number {
    return this.opensAgainMs === null ? 0 : Math.max(0, this.opensAgainMs - this.now())
  }

  /** Whether a request may go now. When it is the one that tries, nobody else may before it is over. */
  admit(): boolean {
    if (this.opensAgainMs === null) return true
    if (this.trying || this.msUntilTry > 0) return false
    this.trying = true
    return true
  }

  /** The backend answered, whatever it said. */
  recordSuccess(): void {
    this.failures = 0
    this.lateCallers.clear()
    this.openings = 0
    this.opensAgainMs = null
    this.trying = false
  }

  /**
   * It did not. Answers true when this opened the circuit. `lateCaller` is whose request it did not answer in time: they may have found
   * one that it never answers, and must not close it to everybody else.
   */
  recordFailure(lateCaller?: string): boolean {
    if (lateCaller === undefined || !this.lateCallers.has(lateCaller)) this.failures++
    if (lateCaller !== undefined && this.lateCallers.size < failuresMax) this.lateCallers.add(lateCaller)
    const wasTrying = this.trying
    this.trying = false
    if (this.opensAgainMs !== null && !wasTrying) return false
    if (this.opensAgainMs === null && this.failures < failuresMax) return false
    const opened = this.opensAgainMs === null
    // Many nodes must not try in one instant.
    this.opensAgainMs = this.now() + boundMs(backoff, this.openings) * (0.8 + 0.4 * this.chance())
    this.openings++
    return opened
  }

  /** A request that was let in says nothing of the backend: it never went out, or is the only one that is not answered. */
  recordNothing(): void {
    this.trying = false
  }
}
