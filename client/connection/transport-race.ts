// A race of transports: the first starts, the next joins when the one before has not proven itself in time or failed.
// Knows only how to start one and how to call it off.
import type { Clock } from "../environment.ts"
import { networkReason, type Reason } from "../reason.ts"
import type { TransportName } from "../transports/transport.ts"
import type { Verdict } from "./handshake.ts"

interface Race {
  readonly names: readonly TransportName[]
  readonly raceMs: number
  readonly connectMs: number
  readonly clock: Clock
  /** Starts one; returns how to call it off. */
  start(name: TransportName, verdict: Verdict): () => void
}

/** Runs a race to its one verdict; returns how to call it off. */
export function runRace({ names, raceMs, connectMs, clock, start }: Race, verdict: Verdict): () => void {
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
    verdict.failed(reason)
  }
  const startNext = (): void => {
    cancelNext()
    const name = names[next++]
    if (isOver || !name) return
    // Before it starts: a transport that fails at once starts the next one from inside `start`.
    if (next < names.length) cancelNext = clock.after(raceMs, startNext)
    running.set(name, () => {})
    const callOff = start(name, {
      won(winner) {
        if (isOver) return winner.line.close()
        running.delete(name)
        finish()
        verdict.won(winner)
      },
      failed(why) {
        if (isOver) return
        reason = why
        running.delete(name)
        // Only Laba itself says "stay away", and it says so on every transport.
        if (why.retry === "stay-away") return fail()
        if (next < names.length) startNext()
        else if (running.size === 0) fail()
      },
    })
    if (running.has(name)) running.set(name, callOff)
    if (isOver) callOff()
  }

  const cancelDeadline = clock.after(connectMs, () => {
    if (!isOver) fail()
  })
  startNext()
  return () => {
    if (!isOver) finish()
  }
}
