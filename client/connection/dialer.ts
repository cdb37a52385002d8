// Opens a connection: gets the token, then races the transports. Knows nothing of what the connection is for.
import type { Environment } from "../environment.ts"
import type { Settings } from "../options.ts"
import { openPoll } from "../transports/poll.ts"
import { openSse } from "../transports/sse.ts"
import type { OpenTransport, TransportEnvironment, TransportName } from "../transports/transport.ts"
import { openWebSocket } from "../transports/websocket.ts"
import { type DialEvents, startHandshake } from "./handshake.ts"
import { reasonOfToken, tokenFrom } from "./token-source.ts"
import { runRace } from "./transport-race.ts"

/** Opens one of `names`; returns how to call it off. */
type Dial = (names: readonly TransportName[], events: DialEvents) => () => void

export function createDial(
  environment: TransportEnvironment,
  settings: Settings & Partial<Environment>,
): Dial {
  const transports: Record<TransportName, OpenTransport> = {
    websocket: openWebSocket,
    sse: openSse(settings.eventSource != null),
    poll: openPoll,
  }
  return (names, events) => {
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
          clock: environment.clock,
          start: (name, each) => startHandshake(environment, { name, open: transports[name], token }, each),
        },
        events,
      )
    }
    // Without a token nothing is awaited, so that the socket opens in this very turn.
    if (!settings.token) run(null)
    else {
      tokenFrom(settings.token).then(run, (error) => {
        if (!isOver) events.failed(reasonOfToken(error))
      })
    }
    return () => callOff()
  }
}
