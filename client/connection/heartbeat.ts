// Whether the connection still lives. A page cannot see the server's pings, so after a silence it sends its own; and
// after sleep a socket looks open that has long been dead, so a late timer is a reason to ask.
import type { Clock } from "../environment.ts"

export interface Heartbeat {
  /** Something came. */
  received(): void
  /** Sends a ping that must be answered soon. */
  probe(): void
  stop(): void
}

interface HeartbeatOptions {
  readonly clock: Clock
  readonly heartbeatMs: number
  readonly probeMs: number
  ping(): void
  /** Called once: nothing came in time. */
  timedOut(): void
}

/** Between two looks at the clock; a look that comes later than twice this means that the machine slept. */
const checkMs = 5_000

export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { clock, heartbeatMs, probeMs, ping, timedOut } = options
  let receivedAt = clock.now()
  let hasPinged = false
  let cancelProbe: (() => void) | null = null
  let cancelCheck = (): void => {}

  const stop = (): void => {
    cancelCheck()
    cancelProbe?.()
  }
  const timeOut = (): void => {
    stop()
    timedOut()
  }
  const probe = (): void => {
    if (cancelProbe) return
    cancelProbe = clock.after(probeMs, timeOut)
    ping()
  }
  const check = (): void => {
    const startedAt = clock.now()
    cancelCheck = clock.after(checkMs, () => {
      const now = clock.now()
      const silentMs = now - receivedAt
      if (now - startedAt > 2 * checkMs) probe()
      else if (silentMs >= 2 * heartbeatMs) return timeOut()
      else if (silentMs >= heartbeatMs && !hasPinged) {
        hasPinged = true
        ping()
      }
      check()
    })
  }

  check()
  return {
    received() {
      receivedAt = clock.now()
      hasPinged = false
      cancelProbe?.()
      cancelProbe = null
    },
    probe,
    stop,
  }
}
