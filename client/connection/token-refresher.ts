// Keeps the token of an open connection fresh, in place: a new one is sent before the old one runs out.
import { askToken } from "./dialer.ts"
import type { Clock } from "../environment.ts"
import type { TokenSource } from "../options.ts"
import type { Ask } from "./pending-commands.ts"

interface Refresher {
  /** The token is good for so many seconds from now. */
  expect(seconds: number | undefined): void
  /** Gets and sends a new one now: the server says that the old one runs out, and a hidden page's timers may be late. */
  refresh(): void
  stop(): void
}

/** After a refresh that failed. Until the token has run out the connection is good, and then it ends with a code. */
const retryMs = 5_000
/** Tokens that are as good as over are not asked for without a pause. */
const soonestMs = 1_000
/** Timers cannot count further than 24 days; asking once a day costs nothing. */
const longestMs = 86_400_000

export function createRefresher(source: TokenSource, clock: Clock, ask: Ask): Refresher {
  let cancel = (): void => {}
  let turn = 0

  const refresh = async (): Promise<void> => {
    cancel()
    const mine = ++turn
    const token = await askToken(source).catch(() => null)
    if (mine !== turn) return
    if (token === null) return plan(retryMs)
    ask({ op: "token", token }, (reply) => {
      if (mine !== turn || !reply) return
      if (reply.op === "token") expect(reply.expires)
      else plan(retryMs)
    })
  }
  const plan = (ms: number): void => {
    cancel()
    cancel = clock.after(Math.max(soonestMs, Math.min(ms, longestMs)), () => void refresh())
  }
  const expect = (seconds: number | undefined): void => {
    // A fifth of its life is left for a slow answer and a second try.
    if (seconds !== undefined) plan(seconds * 800)
  }
  return {
    expect,
    refresh: () => void refresh(),
    stop() {
      turn++
      cancel()
    },
  }
}
