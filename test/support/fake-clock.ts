// Time that a test moves by hand: timers run in order, and between two of them everything that was promised happens.
import type { Clock } from "../../client/environment.ts"

export interface FakeClock extends Clock {
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
  /** Jumps ahead without running what was due meanwhile until the next `pass`: the machine slept. */
  sleep(ms: number): void
}

/** One turn of the real loop, in which every promise that can settle does. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function createFakeClock(startMs = 1_000_000): FakeClock {
  const timers = new Map<number, { at: number; run(): void }>()
  let now = startMs
  let last = 0
  const nextBefore = (limit: number): [number, { at: number; run(): void }] | undefined => {
    let best: [number, { at: number; run(): void }] | undefined
    for (const entry of timers) if (entry[1].at <= limit && (!best || entry[1].at < best[1].at)) best = entry
    return best
  }
  return {
    now: () => now,
    after(ms, run) {
      const id = ++last
      timers.set(id, { at: now + ms, run })
      return () => void timers.delete(id)
    },
    async pass(ms) {
      const until = now + ms
      await turn()
      for (let next = nextBefore(until); next; next = nextBefore(until)) {
        timers.delete(next[0])
        now = Math.max(now, next[1].at)
        next[1].run()
        await turn()
      }
      now = until
    },
    sleep(ms) {
      now += ms
    },
  }
}
