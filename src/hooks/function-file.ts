// The contract of a function that `laba functions` serves: a file that exports what it wants to be asked and told about. It holds
// no socket and no state of its own: what it must remember it answers as `state`, or keeps in a database.
import type { MaybePromise } from "../engines/engine.ts"

/** Whom an event is about. */
export interface FunctionCall {
  readonly connection: string
  readonly transport: "websocket" | "sse" | "poll" | "tcp" | "sockjs"
  readonly channel: string | null
  readonly user: string | null
  /** What was answered last as `state`. */
  readonly state: string | null
}

export interface RegisterCall extends FunctionCall {
  readonly protocol: string
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The query string, with its `?` when there is one. */
  readonly query: string
  readonly address: string
  readonly subprotocols: readonly string[]
}

export interface MessageCall extends FunctionCall {
  readonly type: string
  /** Text, or bytes. */
  readonly data: string | Uint8Array
}

export interface UnregisterCall extends FunctionCall {
  readonly code: number
  readonly reason: string
}

export interface NackCall extends FunctionCall {
  readonly channel: string
  /** Ids of the messages that the client could not take, the oldest first. */
  readonly messages: readonly string[]
}

/** A message to be published; on the channel of the event when it names none. */
interface FunctionMessage {
  readonly channel?: string
  readonly data: unknown
  readonly type?: string
  readonly base64?: true
  readonly key?: string
}

/** What a function may answer. Nothing lets it be. */
export interface FunctionAnswer {
  /** Says no, and why; with `status` 401 or 429 in another way than "forbidden". */
  readonly refuse?: string
  readonly status?: 401 | 403 | 429
  readonly user?: string
  readonly channels?: readonly string[]
  readonly subprotocol?: string
  readonly state?: string | null
  readonly reply?: string | Uint8Array
  readonly publish?: boolean | FunctionMessage | readonly FunctionMessage[]
}

/** The way back. Each throws when Laba says no; a connection that is gone is `false`. */
export interface FunctionLaba {
  push(connection: string, data: string | Uint8Array): Promise<boolean>
  close(connection: string): Promise<boolean>
  /** Any JSON, or a text with its type. */
  publish(channel: string, data: unknown, type?: string): Promise<void>
}

/** What a database for functions can do; it is SQLite. */
export interface FunctionDatabase {
  query<Row = Record<string, unknown>>(
    sql: string,
  ): {
    all(...values: unknown[]): Row[]
    get(...values: unknown[]): Row | null
    run(...values: unknown[]): unknown
  }
}

export interface FunctionContext {
  readonly laba: FunctionLaba
  readonly database: FunctionDatabase
}

type AskedFunction<Call> = (
  call: Call,
  context: FunctionContext,
) => MaybePromise<FunctionAnswer | undefined | void>
type NotifiedFunction<Call> = (call: Call, context: FunctionContext) => MaybePromise<void>

/** What a file may export. */
export interface FunctionFile {
  /** The channels it is for. Default: `/` and the file's name. */
  readonly pattern?: string
  readonly register?: AskedFunction<RegisterCall>
  readonly transport?: AskedFunction<MessageCall>
  readonly unregister?: NotifiedFunction<UnregisterCall>
  readonly subscribe?: AskedFunction<FunctionCall>
  readonly publish?: AskedFunction<MessageCall>
  readonly occupied?: NotifiedFunction<{ readonly channel: string }>
  readonly vacated?: NotifiedFunction<{ readonly channel: string }>
  readonly nack?: NotifiedFunction<NackCall>
}
