// What the conversations of a node in STOMP share.
import type { Channel } from "../../channels/channel.ts"
import type { Payload } from "../../engines/engine.ts"
import type { DestinationProfile } from "../../protocols/stomp/destinations.ts"
import type { MessageVariants } from "../../protocols/stomp/message-variant.ts"
import type { Connection } from "../connections/connection.ts"
import type { TransportContext } from "../transport-context.ts"
import type { TransactionBudget } from "./transaction-budget.ts"
import type { NodeUnacknowledged } from "./unacknowledged-budget.ts"

/** What a client says it could not take of a channel. */
interface NackedMessages {
  readonly channel: Channel
  /** Their ids, the oldest first. */
  readonly messages: readonly string[]
}

export interface StompContext {
  readonly context: TransportContext
  readonly variants: MessageVariants
  readonly transactionBudget: TransactionBudget
  readonly unacknowledged: NodeUnacknowledged
  /** Where it is spoken besides `/_/stomp`. Another set after a reload. */
  paths: ReadonlySet<string>
  readonly profile: DestinationProfile
  /** What CONNECTED calls the server, such as `laba/0.1.0`. */
  readonly serverName: string
  /** The shortest time between two heart-beats that the server keeps and asks for, in milliseconds. */
  readonly beatMs: number
  /** Checks a body against its `content-type`; null when it has none. Throws what `POST` is answered with. */
  readPayload(contentType: string | null, body: Uint8Array): Payload
  /** Tells the application of it. */
  nacked(connection: Connection, nacked: NackedMessages): void
}
