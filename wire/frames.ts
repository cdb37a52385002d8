// The frames of the subprotocol `laba.v1`, as types. JSON text, one frame a WebSocket message, told apart by `op`.
// docs/PROTOCOL.md says the same in prose. Imports nothing but its neighbours.
import type { Code, Retry } from "./codes.ts"
import type { LimitName } from "./limits.ts"

export const labaSubprotocol = "laba.v1"

/** Raw messages, for who must name a subprotocol: a browser that carries its token in one. */
export const rawSubprotocol = "laba.raw"

/** A message as JSON: in `laba.v1` frames, in answers to polls, and in many-channel streams. */
export interface MessageJson {
  readonly channel: string
  /** Resume from here and nothing is missed or doubled. */
  readonly cursor: string
  /** Unique; the same on every transport. */
  readonly id: string
  /** When it was accepted: milliseconds since 1970, the accepting node's clock. */
  readonly time: number
  /** The content type it was published with. */
  readonly type: string
  /** Text as a string, JSON as itself, anything else as base64 (see `base64`). */
  readonly data: unknown
  /** Present and true when `data` is base64 of bytes. */
  readonly base64?: true
}

/** Whether a channel can be resumed: `kept` within its bounds, `none` never. */
export type History = "kept" | "none"

/** Why a position cannot be resumed from. */
export type ResetReason =
  /** The numbering started again: a restart without storage, a deleted channel, data lost. */
  | "epoch"
  /** The history no longer reaches back that far. */
  | "trimmed"
  /** This channel keeps no history. */
  | "no-history"
  /** The cursor belongs to another channel, or to another list of channels. */
  | "other-channels"
  /** The reader was slow on a channel whose rule says `slow: latest`: it skips to the newest message. */
  | "skipped"

/** Somebody who listens to a channel that keeps presence. */
export interface PresenceMember {
  readonly user: string
  /** Since when, in milliseconds since 1970, by the clock of the node that they came to. */
  readonly since: number
}

/** `ref` is chosen by the client and returned in the answer; any string or number, at most 64 characters. */
type Ref = string | number

export type ClientFrame =
  /** Without `after`: from now on. */
  | { op: "subscribe"; ref?: Ref; channel: string; after?: string }
  | { op: "unsubscribe"; ref?: Ref; channel: string }
  /** `type` defaults to `application/json`; a text type takes a string; `base64: true` takes bytes. `key` makes a retry safe. */
  | { op: "publish"; ref?: Ref; channel: string; data: unknown; type?: string; base64?: true; key?: string }
  /** `watch`: true to be told of every change from now on, false to be told no more. Without it only the answer comes. */
  | { op: "presence"; ref?: Ref; channel: string; watch?: boolean }
  | { op: "token"; ref?: Ref; token: string }
  | { op: "ping"; ref?: Ref }

/** What an error says beside its code: when a retry may succeed, and which bound was met. In answers and in frames. */
export interface ErrorFacts {
  /** Seconds, as in `Retry-After`. */
  readonly retryAfter?: number
  readonly limit?: LimitName
}

export type ServerFrame =
  /** The first frame on every connection. */
  | {
      op: "hello"
      connection: string
      /** Seconds between the server's pings; silence for twice as long means the connection is dead. */
      heartbeat: number
      limits: { messageBytes: number; channels: number }
    }
  /** Before any message of the channel. `recovered` is true when `after` was given and everything since it follows. */
  | { op: "subscribed"; ref?: Ref; channel: string; cursor: string; recovered: boolean; history: History }
  | { op: "unsubscribed"; ref?: Ref; channel: string }
  | {
      op: "published"
      ref?: Ref
      channel: string
      cursor: string
      id: string
      duplicate: boolean
      listeners: number
      history: History
    }
  /** The application took the message and wanted it not published. */
  | { op: "accepted"; ref?: Ref; channel: string }
  /** Who is there: at most 1,000 members by name; `users` counts them all, and `guests` the connections of nobody known. */
  | {
      op: "presence"
      ref?: Ref
      channel: string
      members: readonly PresenceMember[]
      users: number
      guests: number
    }
  /** Who came and who left since the last such frame, to who watches. It may repeat what the answer has said already. */
  | {
      op: "members"
      channel: string
      joined: readonly PresenceMember[]
      left: readonly string[]
      users: number
      guests: number
    }
  /** The token was taken; it expires in so many seconds. */
  | { op: "token"; ref?: Ref; expires?: number }
  /** The token runs out in so many seconds: a new one by `token` keeps the connection. */
  | { op: "expiring"; seconds: number }
  | { op: "pong"; ref?: Ref }
  | ({ op: "message" } & MessageJson)
  /** The listener stands at the tail, holds `cursor`, and is replayed nothing: the application reloads. */
  | { op: "reset"; channel: string; cursor: string; reason: ResetReason }
  /** Pushed to this connection alone: unnumbered, not kept. */
  | { op: "direct"; type: string; data: unknown; base64?: true }
  | ({ op: "error"; ref?: Ref; code: Code; detail: string; retry: Retry; channel?: string } & ErrorFacts)
