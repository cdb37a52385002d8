// What all transports of one node share. Made once by the server; transports take from it what they need.
import type { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Access } from "../access/access.ts"
import type { AdmissionControl } from "../access/limits/admission-control.ts"
import type { Channel } from "../channels/channel.ts"
import type { MaybePromise, Payload } from "../engines/engine.ts"
import type { Hub, Published } from "../hub/hub.ts"
import type { Presence } from "../cluster/presence/presence.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Connection } from "./connections/connection.ts"
import type { Connections } from "./connections/connections.ts"
import type { SlowReaders } from "./slow-readers.ts"
import type { TimerWheel } from "./timer-wheel.ts"

/** What a client sent, to be published on its behalf. */
export interface ClientPublish {
  readonly channel: Channel
  readonly key?: string | undefined
  /** Reads it. Called once it may be published, since reading is the work that rights and rate limits bound. Throws `LabaError`. */
  payload(): Payload
  /** Gives back what the application answers. Left out: it is pushed to the connection as anything else is. */
  reply?(type: string, data: string | Uint8Array): void
}

/** Null: the application took the message and wants it not published. */
export type ClientPublished = Published | null

export interface TransportContext {
  readonly hub: Hub
  readonly wheel: TimerWheel
  readonly slowReaders: SlowReaders
  readonly connections: Connections
  readonly presence: Presence
  readonly limits: Limits
  readonly counters: Counters
  readonly access: Access
  readonly admission: AdmissionControl
  /** Seconds of silence after which Bun cuts the connection of a request; 0 is never. */
  setTimeout(request: Request, seconds: number): void
  /** Asks whether it may, then the application, then publishes. Throws `LabaError`. */
  publishFor(connection: Connection, request: ClientPublish): MaybePromise<ClientPublished>
  /** The same in two: all that is refused for rights, pace, size or form is refused at once; the answer asks the application and publishes. */
  admitPublish(connection: Connection, request: ClientPublish): () => MaybePromise<ClientPublished>
  /** Asks the application before a connection listens to one more channel. Throws `LabaError`. */
  askToSubscribe(connection: Connection, channel: Channel): MaybePromise<void>
  /** Writes down a failure of ours that no request carries: `internal` is all that the client learns. */
  reportFailure(connection: Connection, error: unknown): void
  /** Writes down why a client is refused in a frame: no answer to a request tells of it. */
  reportRefusal(connection: Connection, error: LabaError): void
  /** Counts and writes down a reader that the runtime closed, without a word, because too much waited for it. */
  reportSlowCut(connection: Connection): void
  /** Tells the application that a connection has gone. */
  reportGone(connection: Connection, code: number, reason: string): void
}
