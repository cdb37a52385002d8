// Whether the connection still lives. A page cannot see the server's pings, so after a silence it sends its own; and
// after sleep a socket looks open that has long been dead, so a late timer is a reason to ask.
import type { Clock } from "../environment.ts"

export interface Pulse {
  /** Something came. */
  heard(): void
  /** Sends a ping that must be answered soon. */
  probe(): void
  stop(): void
}

interface PulseOptions {
  readonly clock: Clock
  readonly heartbeatMs: number
  readonly probeMs: number
  ping(): void
  /** Called once: nothing came in time. */
  dead(): void
}

/** Between two looks at the clock; a look that comes later than twice this means that the machine slept. */
const lookMs = 5_000

export function createPulse({ clock, heartbeatMs, probeMs, ping, dead }: PulseOptions): Pulse {
  let heardAt = clock.now()
  let isAsked = false
  let cancelProbe: (() => void) | null = null
  let cancelLook = (): void => {}

  const stop = (): void => {
    cancelLook()
    cancelProbe?.()
  }
  const die = (): void => {
    stop()
    dead()
  }
  const probe = (): void => {
    if (cancelProbe) return
    cancelProbe = clock.after(probeMs, die)
    ping()
  }
  const look = (): void => {
    const startedAt = clock.now()
    cancelLook = clock.after(lookMs, () => {
      const now = clock.now()
      const silentMs = now - heardAt
      if (now - startedAt > 2 * lookMs) probe()
      else if (silentMs >= 2 * heartbeatMs) return die()
      else if (silentMs >= heartbeatMs && !isAsked) {
        isAsked = true
        ping()
      }
      look()
    })
  }

  look()
  return {
    heard() {
      heardAt = clock.now()
      isAsked = false
      cancelProbe?.()
      cancelProbe = null
    },
    probe,
    stop,
  }
}
