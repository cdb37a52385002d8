// A race of transports: the first starts, the next joins when the one before was not ready in time or failed.
// Knows only how to start one and how to call it off.
import type { Clock } from "../environment.ts"
import { networkReason, type Reason } from "../reason.ts"
import type { TransportName } from "../transports/transport.ts"
import type { DialEvents } from "./handshake.ts"

interface TransportRace {
  readonly names: readonly TransportName[]
  readonly raceMs: number
  readonly connectMs: number
  readonly clock: Clock
  /** Starts one; returns how to call it off. */
  start(name: TransportName, events: DialEvents): () => void
}

/** Runs a race until one is ready or all have failed; returns how to call it off. */
export function runRace(
  { names, raceMs, connectMs, clock, start }: TransportRace,
  events: DialEvents,
): () => void {
  const running = new Map<TransportName, () => void>()
  let reason: Reason = networkReason("No transport could be opened.")
  let next = 0
  let isOver = false
  let cancelNext = (): void => {}

  const finish = (): void => {
    isOver = true
    cancelNext()
    cancelDeadline()
    for (const callOff of running.values()) callOff()
  }
  const fail = (): void => {
    finish()
    events.failed(reason)
  }
  const startNext = (): void => {
    cancelNext()
    const name = names[next++]
    if (isOver || !name) return
    // Before it starts: a transport that fails at once starts the next one from inside `start`.
    if (next < names.length) cancelNext = clock.after(raceMs, startNext)
    running.set(name, () => {})
    const callOff = start(name, {
      opened(ready) {
        if (isOver) return ready.transport.close()
        running.delete(name)
        finish()
        events.opened(ready)
      },
      failed(why) {
        if (isOver) return
        reason = why
        running.delete(name)
        // Only Laba itself says "stay away", and it says so on every transport.
        if (why.retry === "stay-away") fail()
        else if (next < names.length) startNext()
        else if (running.size === 0) fail()
      },
    })
    if (running.has(name)) running.set(name, callOff)
    if (isOver) callOff()
  }

  const cancelDeadline = clock.after(connectMs, fail)
  startNext()
  return () => {
    if (!isOver) finish()
  }
}
