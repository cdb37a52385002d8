// Keeps the token of an open connection fresh, in place: a new one is sent before the old one runs out.
import type { Clock } from "../environment.ts"
import type { SendCommand } from "./pending-commands.ts"
import { type TokenSource, tokenFrom } from "./token-source.ts"

interface TokenRefresher {
  /** The token is good for so many seconds from now. */
  expiresIn(seconds: number | undefined): void
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

export function createTokenRefresher(
  source: TokenSource,
  clock: Clock,
  sendCommand: SendCommand,
): TokenRefresher {
  let cancel = (): void => {}
  // Which refresh is the last one: what comes of an earlier one says nothing any more.
  let last = 0

  const refresh = (): void => {
    cancel()
    const mine = ++last
    void tokenFrom(source)
      .catch(() => null)
      .then((token) => {
        if (mine !== last) return
        if (token === null) return plan(retryMs)
        sendCommand({ op: "token", token }, (reply) => {
          if (mine !== last || !reply) return
          if (reply.op === "token") expiresIn(reply.expires)
          else plan(retryMs)
        })
      })
  }
  const plan = (ms: number): void => {
    cancel()
    cancel = clock.after(Math.max(soonestMs, Math.min(ms, longestMs)), refresh)
  }
  const expiresIn = (seconds: number | undefined): void => {
    // A fifth of its life is left for a slow answer and a second try.
    if (seconds !== undefined) plan(seconds * 800)
  }
  return {
    expiresIn,
    refresh,
    stop() {
      last++
      cancel()
    },
  }
}
