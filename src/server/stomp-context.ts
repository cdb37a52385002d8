// What STOMP needs of a node, put together.
import { version } from "../../package.json" with { type: "json" }
import { payloadFromBytes, readContentType } from "../http/body/payload.ts"
import { springProfile } from "../protocols/stomp/destinations.ts"
import { MessageVariants } from "../protocols/stomp/message-variant.ts"
import type { Application } from "../hooks/application.ts"
import type { TransportContext } from "../transports/transport-context.ts"
import { TransactionBudget } from "../transports/stomp/transaction-budget.ts"
import { NodeUnacknowledged } from "../transports/stomp/unacknowledged-budget.ts"
import type { StompContext } from "../transports/stomp/stomp-context.ts"

/** What Spring's relay and browsers' clients ask for, too: proxies that cut silence do so after 30 s at the soonest. */
const beatMsMax = 10_000

interface StompContextOptions {
  readonly context: TransportContext
  readonly application: Pick<Application, "nacked">
  readonly paths: readonly string[]
}

export function makeStompContext({ context, application, paths }: StompContextOptions): StompContext {
  return {
    context,
    paths: new Set(paths),
    variants: new MessageVariants(),
    transactionBudget: new TransactionBudget(() => context.limits.outboxBytesMax),
    unacknowledged: new NodeUnacknowledged(context.limits),
    profile: springProfile,
    serverName: `laba/${version}`,
    beatMs: Math.min(beatMsMax, context.limits.heartbeatSeconds * 1000),
    readPayload: (contentType, body) => payloadFromBytes(readContentType(contentType), body),
    nacked({ number, transport, user }, { channel, messages }) {
      context.counters.nacked += messages.length
      application.nacked({ connection: context.connections.idOf(number), user, transport, channel, messages })
    },
  }
}
