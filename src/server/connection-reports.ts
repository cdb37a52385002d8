// What becomes of connections, told to whom it concerns: the application, the counters, the log.
import type { ApiContext } from "../http/api-context.ts"
import { senderOf } from "../hooks/remote/delivery/fair-queue.ts"
import type { Events } from "../telemetry/events.ts"
import type { Reader } from "../transports/slow-readers.ts"
import type { TransportContext } from "../transports/transport-context.ts"

type Told = Pick<ApiContext, "application" | "connections" | "counters"> & { readonly events: Events }
type ConnectionReports = Pick<
  TransportContext,
  "askToSubscribe" | "reportFailure" | "reportRefusal" | "reportSlowCut" | "reportGone"
>

export function connectionReports({ application, connections, counters, events }: Told): ConnectionReports {
  return {
    askToSubscribe: ({ number, transport, user, client }, channel) =>
      application.subscribe(
        () => ({
          connection: connections.idOf(number),
          transport,
          user,
          sender: senderOf(user, client.addressGroup),
        }),
        channel,
      ),
    reportFailure: ({ transport, protocol }, error) =>
      events.connectionFailed({ transport, protocol }, error),
    reportRefusal: ({ transport, protocol }, error) => events.refused({ transport, protocol }, error),
    reportSlowCut(connection) {
      counters.slowCut++
      reportSlow(events, connection)
    },
    reportGone({ transport, user, number }, code, reason) {
      if (!application.tellsOnDisconnect) return
      void application.disconnected({ connection: connections.idOf(number), transport, user, code, reason })
    },
  }
}

/** A reader was closed that took too little. */
export function reportSlow(
  events: Pick<Events, "slowReaderClosed">,
  { channels, transport }: Pick<Reader, "channels" | "transport">,
): void {
  events.slowReaderClosed({ channel: channels.join(" "), kind: transport })
}
