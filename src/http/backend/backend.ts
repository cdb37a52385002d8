// The contract of the backend API: what an endpoint is, what it works with, and who may call it. A route describes
// itself completely; the OpenAPI document is made of the routes and of nothing else (openapi.ts).
import type { z } from "zod"
import type { Code } from "../../../wire/codes.ts"
import type { Action, Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { Inventory } from "../../engines/inventory.ts"
import type { Hub } from "../../hub/hub.ts"
import type { Ingests } from "../../ingest/ingest.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"

/** Who calls, and what it may. */
export interface Caller {
  /** Throws `forbidden` unless it may do this with the channel. */
  may(action: Action, channel: Channel): void
  /** Throws `forbidden` unless it may manage the node: its connections, its users, its configuration. */
  mayManage(): void
}

/** Lets a request in and says who it is. Throws `unauthorized`, `forbidden` or `foreign_origin`. */
export type Authenticate = (request: ApiRequest) => MaybePromise<Caller>

/** Tokens that are good no longer. */
interface Revoker {
  revokeToken(jti: string, expiresAtSeconds: number): void
  /** Every token of theirs that was issued up to then, in milliseconds since 1970. */
  revokeUser(user: string, atMs: number): void
}

/** One key of the configuration that was changed. */
export interface ConfigChange {
  /** For example `channels."/orders/**".history`. */
  readonly key: string
  /** Whether it holds from now on, or only after a restart; `not-yet`: it could not be carried out, and the next reload tries again. */
  readonly holds: "now" | "after-restart" | "not-yet"
  /** Why it does not hold yet, and what does. */
  readonly detail?: string
}

/** What a reload did, or would do. */
export interface ReloadReport {
  readonly dry: boolean
  readonly changes: readonly ConfigChange[]
}

/** What backend endpoints work with, beside what all endpoints have. */
export interface BackendContext extends ApiContext {
  readonly engine: Inventory
  readonly hub: Hub & {
    /** Connections on this node that listen to a channel. */
    listenersOf(channel: Channel): number
  }
  readonly revocations: Revoker
  readonly ingests: Ingests
  readonly reloader: {
    /** Reads the configuration again and uses it, unless `dry`. Throws `bad_config`, and `not_found` when there is none to read. */
    reload(dry: boolean): Promise<ReloadReport>
  }
}

/** A request on its way through a route. */
export interface Call {
  readonly request: ApiRequest
  readonly caller: Caller
  /** What stands in the path for its `{names}`, unescaped. */
  readonly path: Readonly<Record<string, string>>
  /** What the query has of the names that the route declares. */
  readonly query: Readonly<Record<string, string>>
}

export interface QueryParameter {
  readonly description: string
  readonly required?: boolean
  readonly schema: z.ZodType
}

/** One answer that is no error. */
interface Answered {
  readonly description: string
  /** Null: no body. */
  readonly schema: z.ZodType | null
}

/** One operation. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE"
  /** With `{names}` for whole segments. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly query?: Readonly<Record<string, QueryParameter>>
  /** A JSON body, or `message` for one that is published or pushed as it comes. */
  readonly body?: z.ZodType | "message"
  readonly answers: Readonly<Record<number, Answered>>
  /** Errors of its own, beside those that every route may answer (`everywhere` in openapi.ts). */
  readonly errors: readonly Code[]
  handle(context: BackendContext, call: Call): MaybePromise<Response>
}
