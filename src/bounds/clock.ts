// The clocks of this process, so that a test may put its own in their place.

export interface Clock {
  /** Milliseconds that never jump, from anywhere. Whatever takes a while is reckoned by these: a wall clock is set, by hand and by NTP. */
  monotonic(): number
  /** Milliseconds since 1970, for people. */
  now(): number
  /** Runs once after `ms`; returns how to take it back. */
  after(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
