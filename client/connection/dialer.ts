// Opens a connection: gets the token, then races the transports. Knows nothing of what the connection is for.
import type { Options, Settings } from "../options.ts"
import { openPoll } from "../transports/poll.ts"
import { runRace } from "./transport-race.ts"
import { LabaFailure, type Reason } from "../reason.ts"
import { openSse } from "../transports/sse.ts"
import type { Site, Transport, TransportName } from "../transports/transport.ts"
import { tryTransport, type Verdict } from "./handshake.ts"
import { openWebSocket } from "../transports/websocket.ts"

/** Opens one of `names`; returns how to call it off. */
type Dial = (names: readonly TransportName[], verdict: Verdict) => () => void

export function createDial(site: Site, settings: Settings, options: Options): Dial {
  const transports: Record<TransportName, Transport> = {
    websocket: openWebSocket,
    sse: openSse(options.eventSource != null),
    poll: openPoll,
  }
  return (names, verdict) => {
    let isOver = false
    let callOff = (): void => {
      isOver = true
    }
    const run = (token: string | null): void => {
      if (isOver) return
      callOff = runRace(
        {
          ...settings,
          names,
          clock: site.clock,
          start: (name, one) => tryTransport(site, { name, transport: transports[name], token }, one),
        },
        verdict,
      )
    }
    // Without a token nothing is awaited, so that the socket opens in this very turn.
    if (!settings.token) run(null)
    else {
      askToken(settings.token).then(run, (error) => {
        if (!isOver) verdict.failed(reasonOfToken(error))
      })
    }
    return () => callOff()
  }
}

/** Calls the application's function; what it throws becomes a rejection, and what is no token too. */
export async function askToken(source: NonNullable<Settings["token"]>): Promise<string | null> {
  const token: unknown = await source()
  // A function that forgot to look at the status gives undefined: to send that would be to be refused for good.
  if (token === null || (typeof token === "string" && token !== "")) return token
  throw new TypeError(
    `the token function gave ${token === "" ? "an empty text" : typeof token}, not a token or null`,
  )
}

function reasonOfToken(error: unknown): Reason {
  if (error instanceof LabaFailure) return error
  return { code: "token_failed", retry: "back-off", detail: String(error) }
}
