// Whose turn it is: audiences with messages to give wait in a queue, and each loop turn serves a slice of it, so that
// no channel, however big, holds the loop for long. Knows time and cost; refuses to know messages.
import type { Audience } from "./audience/audience.ts"

/** What a turn should cost. Accepts, pings and other channels wait no longer than about this, joins and garbage collection beside it. */
const sliceMicros = 9_500

/** Estimates are of a machine with slow system calls; the correction follows what turns really take, within these. */
const correctionMin = 0.25
const correctionMax = 4

/** Below this a turn says nothing about the estimate: its own overhead is most of it. */
const measurableMicros = 2_000

export interface FanOutOptions {
  /** Runs the callback in the next loop turn, after what has arrived was read. Default `setImmediate`. */
  readonly defer?: (callback: () => void) => void
  /** Milliseconds, monotonic. */
  readonly now?: () => number
}

export class FanOut {
  private queue: Audience[] = []
  private armed = false
  private correction = 1
  private lastStartedMs = 0
  private lastEstimateMicros = 0
  private chargedMicros = 0
  private idleWaiters: (() => void)[] = []
  private readonly defer: (callback: () => void) => void
  private readonly now: () => number

  constructor(options: FanOutOptions = {}) {
    this.defer = options.defer ?? ((callback) => void setImmediate(callback))
    this.now = options.now ?? (() => performance.now())
  }

  /** The audience has something to give. What comes in one turn leaves in one write per listener. */
  wake(audience: Audience): void {
    if (audience.queued) return
    audience.queued = true
    this.queue.push(audience)
    this.arm()
  }

  /** Writing that was done out of turn counts against the next slice. */
  readonly charge = (micros: number): void => {
    this.chargedMicros += micros
  }

  /** Resolves when nothing waits to be given, at once if nothing does now. */
  idle(): Promise<void> {
    if (this.queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => void this.idleWaiters.push(resolve))
  }

  private arm(): void {
    if (this.armed) return
    this.armed = true
    this.defer(this.turn)
  }

  private readonly turn = (): void => {
    this.armed = false
    const startedMs = this.now()
    this.learn(startedMs)
    const budget = sliceMicros / this.correction
    const { queue } = this
    this.queue = []
    let spent = Math.min(this.chargedMicros, budget)
    this.chargedMicros = 0
    let served = 0
    // At least one, so that a storm of joins cannot starve who listens already.
    for (; served < queue.length && (served === 0 || spent < budget); served++) {
      const audience = queue[served] as Audience
      audience.queued = false
      spent += audience.advance(budget - spent)
      if (audience.lags) this.requeue(audience)
    }
    // What was not served goes first in the next turn; a big audience has gone to the end.
    if (served < queue.length) this.queue = queue.slice(served).concat(this.queue)
    const more = this.queue.length > 0
    this.lastStartedMs = more ? startedMs : 0
    this.lastEstimateMicros = spent
    if (more) return this.arm()
    const waiters = this.idleWaiters
    this.idleWaiters = []
    for (const resolve of waiters) resolve()
  }

  private requeue(audience: Audience): void {
    audience.queued = true
    this.queue.push(audience)
  }

  /** Sockets are written after the turn, so the time from turn to turn is what the last slice cost. */
  private learn(startedMs: number): void {
    if (this.lastStartedMs === 0 || this.lastEstimateMicros < measurableMicros) return
    const measured = ((startedMs - this.lastStartedMs) * 1000) / this.lastEstimateMicros
    const smoothed = this.correction * 0.75 + measured * 0.25
    this.correction = Math.min(correctionMax, Math.max(correctionMin, smoothed))
  }
}
