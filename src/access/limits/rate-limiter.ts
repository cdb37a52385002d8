// How often something may happen, for many names at once: so many a second, with a burst of one second. Counts with one
// number a name (GCRA: the time at which a bucket that leaks at the rate is empty again). Pure; the clock is handed in.
import { BoundedMap } from "../../bounds/bounded-map.ts"

/**
 * The same for one name whose number the caller keeps: its next number, or null when it may not happen now. A rate of 0
 * is no bound. `times` is for what counts as several.
 */
export function nextDue(dueAtMs: number, nowMs: number, perSecond: number, times = 1): number | null {
  if (perSecond === 0) return dueAtMs
  const stepMs = (1000 / perSecond) * times
  const fromMs = Math.max(dueAtMs, nowMs)
  return fromMs - nowMs > spareMs(1000, stepMs) ? null : fromMs + stepMs
}

/**
 * How far ahead of the clock a name may be and still do what costs so much: nothing is above a burst for who did nothing for as
 * long. Taken apart from the clock, whose fractions would round a wait of nothing up to one.
 */
const spareMs = (burstMs: number, costMs: number): number => Math.max(0, burstMs - costMs)

/** Names that are remembered. About 100 bytes each. A name that is forgotten has at most one burst more. */
const namesMax = 100_000

export class RateLimiter {
  readonly perSecond: number
  private readonly burstMs: number
  private readonly stepMs: number
  /** For each name, when it has made good for what it did. Least recently used first. */
  private readonly dueAtMs = new BoundedMap<string, number>(namesMax)

  /** 0 is no bound. */
  constructor(perSecond: number, burstSeconds = 1) {
    this.perSecond = perSecond
    this.stepMs = perSecond === 0 ? 0 : 1000 / perSecond
    // Less than one step would never let anything through.
    this.burstMs = Math.max(burstSeconds * 1000, this.stepMs)
  }

  /** Milliseconds until it may happen; 0 when it may now, and then it counts as happened. */
  take(name: string, nowMs: number, times = 1): number {
    return this.takeWithin(name, nowMs, { waitMsMax: 0, times })
  }

  /**
   * The same, for who is ready to wait: within `waitMsMax` a turn in the future is taken, and the answer is how long
   * until then. Beyond it nothing is taken, and the answer is more than `waitMsMax`.
   */
  takeWithin(
    name: string,
    nowMs: number,
    { waitMsMax, times = 1 }: { readonly waitMsMax: number; readonly times?: number },
  ): number {
    if (this.stepMs === 0) return 0
    const costMs = this.stepMs * times
    const fromMs = Math.max(this.dueAtMs.get(name) ?? 0, nowMs)
    const waitMs = Math.max(0, fromMs - nowMs - spareMs(this.burstMs, costMs))
    if (waitMs > waitMsMax) return waitMs
    this.dueAtMs.set(name, fromMs + costMs)
    return waitMs
  }

  get size(): number {
    return this.dueAtMs.size
  }
}
