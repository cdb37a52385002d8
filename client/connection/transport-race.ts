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
  /** Starts one; returns how to call it off: from then on it says nothing. */
  start(name: TransportName, events: DialEvents): () => void
}

/** Runs a race until one is ready or all have failed; returns how to call it off. */
export function runRace(
  { names, raceMs, connectMs, clock, start }: TransportRace,
  events: DialEvents,
): () => void {
  const callOffs: (() => void)[] = []
  let running = 0
  let reason: Reason = networkReason("No transport could be opened.")
  let next = 0
  let isOver = false
  let cancelNext = (): void => {}

  const finish = (): void => {
    isOver = true
    cancelNext()
    cancelDeadline()
    // One that has ended by itself takes no notice.
    for (const callOff of callOffs) callOff()
  }
  const fail = (): void => {
    finish()
    events.failed(reason)
  }
  const startNext = (): void => {
    cancelNext()
    const name = names[next++]
    if (!name) return
    // Before it starts: a transport that fails at once starts the next one from inside `start`.
    if (next < names.length) cancelNext = clock.after(raceMs, startNext)
    running++
    const callOff = start(name, {
      opened(ready) {
        finish()
        events.opened(ready)
      },
      failed(why) {
        reason = why
        running--
        // Only Laba itself says "stay away", and it says so on every transport.
        if (why.retry === "stay-away") fail()
        else if (next < names.length) startNext()
        else if (running === 0) fail()
      },
    })
    callOffs.push(callOff)
    if (isOver) callOff()
  }

  const cancelDeadline = clock.after(connectMs, fail)
  startNext()
  return () => {
    if (!isOver) finish()
  }
}
