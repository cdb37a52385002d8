// The contract of a node among others: which nodes there are, and which methods one may call on another. A node is a run of a
// process: its `run` is in the id of each of its connections, and a restart is another run under the same name. It refuses
// to know what carries the calls and what answers them.

import type { IngestReport } from "../ingest/ingest.ts"
import type { SeekPlace } from "../ingest/source.ts"
import type { SessionDirectory } from "./session-directory.ts"

/** What a node has to do, told with every renewal of its lease. */
interface NodeLoad {
  readonly connections: number
  readonly users: number
  /** Channels that somebody there listens to. */
  readonly channels: number
  readonly residentBytes: number
}

/** A node that is alive, as far as is known here: at most a lease ago. */
export interface NodeInfo {
  /** Begins the ids of its connections. Another after every restart. */
  readonly run: string
  /** What its operator calls it. */
  readonly name: string
  /** Where it can be called at, by whoever is in the same network. */
  readonly address: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly version: string
  /** How far its clock is ahead of that of Redis, in milliseconds; negative when it is behind. Null: it was not compared. */
  readonly clockOffsetMs: number | null
  readonly load: NodeLoad
}

/** A connection, as a list tells of it. */
export interface ConnectionFacts {
  readonly id: string
  readonly transport: "websocket" | "sse" | "poll" | "tcp" | "sockjs"
  readonly protocol: string
  readonly user: string | null
}

/** A user of one node. */
interface UserFacts {
  readonly user: string
  readonly connections: number
  /** The run of that node. */
  readonly node: string
}

/** A page of a node's list. */
export interface NodePage {
  readonly connections: readonly ConnectionFacts[]
  readonly users: readonly UserFacts[]
  readonly next: number | null
}

/** A request for a session that lives on another node, as it came. */
export interface SessionRequest {
  readonly method: "GET" | "POST" | "DELETE"
  readonly id: string
  /** The query with its `?`, or empty. */
  readonly search: string
  /** Base64 of the body's bytes. */
  readonly body: string
}

export interface SessionAnswer {
  readonly status: number
  /** JSON, or null for none. */
  readonly body: string | null
}

/** A request for a session of SockJS that lives on another node. */
export interface SockJsRequest {
  readonly service: string
  readonly name: string
  /** What the request's credential says of who asks; null when it showed none. */
  readonly owner: string | null
  /** `cut`: the answer to that poll has not come to its client. */
  readonly action: "poll" | "send" | "cut"
  /** Names a poll, for `poll` and `cut`. */
  readonly poll?: string
  /** For `send`. */
  readonly messages?: readonly string[]
}

export interface SockJsResult {
  readonly found: boolean
  /** False: somebody else has opened it. */
  readonly isTheirs?: boolean
  /** What a poll is answered with. */
  readonly frame?: string
}

/**
 * What a node does for another: each takes and answers plain JSON, and throws `LabaError`. A user or connection that is
 * not there is `gone`, or none.
 */
export interface NodeMethods {
  connection(asked: { readonly id: string }): ConnectionFacts & { readonly channels: readonly string[] }
  /** Pushes a direct frame. `data` is base64 of bytes when `base64`. */
  push(asked: {
    readonly id: string
    readonly type: string
    readonly data: string
    readonly base64: boolean
  }): null
  /** Ends it: by a code and reason of the backend's own, where they are given and the transport has them. */
  close(asked: { readonly id: string; readonly code?: number; readonly reason?: string }): null
  list(asked: {
    readonly of: "connections" | "users"
    /** Only this user's connections. */
    readonly user?: string
    readonly from: number
    readonly limit: number
  }): NodePage
  disconnect(asked: { readonly user: string }): Promise<{ readonly disconnected: number }>
  listeners(asked: { readonly channel: string }): { readonly listeners: number }
  session(asked: SessionRequest): Promise<SessionAnswer>
  sockjs(asked: SockJsRequest): Promise<SockJsResult>
  /** Answers reports, and of `seek` that of an ingest that reads there. */
  ingest(asked: IngestCommand): Promise<readonly IngestReport[]>
}

/** What is asked of a node's ingests: all of them to report, or one to do something. */
export type IngestCommand =
  | { readonly action: "report" }
  | { readonly action: "pause" | "resume" | "release"; readonly name: string }
  | { readonly action: "seek"; readonly name: string; readonly place: SeekPlace }

export type NodeMethod = keyof NodeMethods
export type Params<Name extends NodeMethod> = Parameters<NodeMethods[Name]>[0]
export type Result<Name extends NodeMethod> = Awaited<ReturnType<NodeMethods[Name]>>

export interface Nodes {
  /** This node. */
  readonly self: string
  /** All that are alive, this one too, by their runs in order. */
  readonly list: readonly NodeInfo[]
  /** Where sessions live that their clients name. */
  readonly sessions: SessionDirectory
  /** The nodes where a user has connections, this one too. Throws `engine_unavailable`. */
  nodesOf(user: string): Promise<readonly string[]>
  /**
   * Calls a method of a node: at once when it is this one. Throws what the method throws, `gone` when no such node has
   * a lease any more, and `engine_unavailable` when it is not reached or does not answer in time; then the method may have run.
   */
  call<Name extends NodeMethod>(
    run: string,
    name: Name,
    asked: Params<Name>,
    waitMs?: number,
  ): Promise<Result<Name>>
  /** Makes a revocation known to all nodes, and to those that start later, until what it is about has ended. Throws `engine_unavailable`. */
  revoke(revocation: Revocation): Promise<void>
  /** The node goes away: the others learn it at once. */
  stop(): Promise<void>
}

/** Who is connected to this node. */
export interface LocalUsers {
  /** How many they are. */
  readonly users: number
  userNames(): Iterable<string>
  countOfUser(user: string): number
}

/** The revocations that hold on this node. */
export interface LocalRevocations {
  all(): Iterable<Revocation>
  /** Makes one hold. One that holds already changes nothing. */
  apply(revocation: Revocation): void
  /** The longest time a token lives. */
  readonly lifetimeMaxMs: number
}

/** A token, or all of a user's tokens that were issued up to a time, in milliseconds since 1970. */
export type Revocation =
  | { readonly token: string; readonly expiresAtSeconds: number }
  | { readonly user: string; readonly atMs: number }

/** The run that a connection's id names. */
export const runOf = (id: string): string => id.slice(0, Math.max(0, id.indexOf("-")))
