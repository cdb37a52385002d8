// The contract of a connection as the application holds it. What keeps it is in connect.ts.
import type { Channel, ChannelOptions } from "./channels/channel.ts"
import type { Message } from "./channels/message.ts"
import type { Published, PublishOptions } from "./publishing/publish-queue.ts"
import type { Reason } from "./reason.ts"
import type { State } from "./state-machine.ts"
import type { TransportName } from "./transports/transport.ts"

export interface ConnectionState {
  readonly state: State
  readonly reason: Reason | null
  /** While open. */
  readonly transport: TransportName | null
}

/** Pushed to this connection alone; not kept. */
export interface Direct extends Pick<Message, "type" | "data" | "text"> {}

export interface LabaEvents {
  state: ConnectionState
  /** The server attached this channel by itself. */
  channel: Channel
  direct: Direct
}

/** One connection to one server, shared by all its channels. It comes back by itself until it is closed. */
export interface Laba {
  readonly state: State
  readonly transport: TransportName | null
  /** The id of the connection that is open; null while none is. */
  readonly connection: string | null
  /** A handle on the channel of that name, subscribed: each with its own listeners and end. All of one channel share a subscription. */
  channel(name: string, options?: ChannelOptions): Channel
  /**
   * Resolves when the server has accepted it, however many connections that takes, and with null when its application took it
   * and wanted it not published; rejects with a `LabaFailure`.
   */
  publish(channel: string, data: unknown, options?: PublishOptions): Promise<Published | null>
  on<Name extends keyof LabaEvents>(name: Name, listener: (event: LabaEvents[Name]) => void): () => void
  off<Name extends keyof LabaEvents>(name: Name, listener: (event: LabaEvents[Name]) => void): void
  close(): void
}
