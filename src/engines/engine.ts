// The contract of an engine: what numbers, remembers and announces messages. An engine knows channels, drafts and
// positions; it refuses to know connections, transports and protocols.
//
// Publishing is one atomic act: append, number, announce. A message reaches local listeners only through `deliver`, on
// the node that accepted it too, so that every listener of a channel sees one order: the engine's.
//
// What an engine judges, it stamps: a message's time, a key's end. Nodes' clocks differ, and one that is wrong must age
// nobody's history.
//
// Methods answer at once or with a promise. An engine in this process answers at once, and callers keep that fast: they
// await only what is a promise.
import type { History, ResetReason } from "../../wire/frames.ts"
import type { MessageHeaders } from "../../wire/message-headers.ts"
import type { Position } from "../../wire/cursor.ts"
import type { Channel, Keep } from "../channels/channel.ts"
import type { SourceMark } from "./source-mark.ts"

/** What is published, read and checked. */
export interface Payload {
  /** Content type, one of `text/…`, JSON or anything else. */
  readonly type: string
  /** A string is valid UTF-8 text; with a JSON type it is valid JSON. Bytes are never changed after they were handed over. */
  readonly data: string | Uint8Array
  /** Bytes, as UTF-8; of a draft or a message with those of its headers. */
  readonly bytes: number
  /** What the publisher said beside it, for protocols that have a place for it. */
  readonly headers?: MessageHeaders | undefined
}

/** What was asked to be published and has neither number nor time yet: the engine gives both. */
export interface Draft extends Payload {
  readonly channel: Channel
  readonly id: string
  readonly idempotency?: Idempotency | undefined
  /** Whose share of the engine's bounds it counts for; nobody's when left out: a program on this machine, or this server itself. */
  readonly publisher?: Publisher | undefined
  /** Of an event source's message: it is published once. A repeat is answered as a duplicate, with where the channel stands. */
  readonly source?: SourceMark | undefined
}

/** Who published: by which key, as which user, or from which address when neither is known. */
export type Publisher = `key:${string}` | `user:${string}` | `address:${string}`

export interface Idempotency {
  readonly key: string
  /** A digest of type and data: the same key with another digest is a conflict. */
  readonly digest: string
}

/** A draft that was accepted: it has an offset in its channel's epoch. Never changed. */
export interface Message extends Payload {
  readonly channel: Channel
  readonly epoch: string
  readonly offset: number
  readonly id: string
  /** When the engine accepted it, in milliseconds since 1970, by the clock that the engine also judges its age by. */
  readonly time: number
}

export interface Receipt {
  readonly position: Position
  readonly id: string
  /** True when the key was seen before: nothing was published, the first answer is repeated. */
  readonly duplicate: boolean
}

/** What came after a position. `reset`: the position cannot be resumed from, `tail` is where to stand instead. */
export type HistoryPage =
  | { readonly messages: readonly Message[]; readonly more: boolean; readonly tail: Position }
  | { readonly reset: ResetReason; readonly tail: Position }

export interface PageBounds {
  readonly messages: number
  readonly bytes: number
}

/** A channel as its engine sees it. */
export interface ChannelState {
  readonly tail: Position
  readonly history: History
  /** Messages that can still be read. */
  readonly kept: number
  readonly newest: Message | null
}

export type MaybePromise<T> = T | Promise<T>

export interface Engine {
  /**
   * Appends, numbers and announces. Throws `LabaError` with `idempotency_conflict`, `too_many_keys` or
   * `engine_unavailable`, and `SourceGap`, and then nothing was published; but where the answer was lost on its way to another
   * process, it may have been: the same key or source then publishes it once.
   */
  publish(draft: Draft, keep: Keep): MaybePromise<Receipt>
  /** From now on `deliver` is called for this channel, beginning right after the position returned. Once a channel. */
  listen(channel: Channel, keep: Keep): MaybePromise<Position>
  /** No more `deliver` for this channel. */
  unlisten(channel: Channel): MaybePromise<void>
  /** What came after `after`, oldest first, within `bounds` but at least one message when there is one. */
  history(channel: Channel, after: Position, keep: Keep, bounds: PageBounds): MaybePromise<HistoryPage>
  state(channel: Channel, keep: Keep): MaybePromise<ChannelState>
  /** Forgets history and numbering, but no key; the next message starts a new epoch. Returns how many messages were forgotten. */
  forget(channel: Channel): MaybePromise<number>
  close(): MaybePromise<void>
}

/** What event sources need of an engine besides. */
export interface SourceKeeper {
  /** Names the part of the engine that a channel is in. A source's messages have a mark in each part. */
  partOf(channel: Channel): string
  /** Forgets the positions of all sources' partitions whose names begin so: what is handed over again is published again. For when nothing of theirs is under way. */
  forgetSources(prefix: string): MaybePromise<void>
}

/** What an engine tells the hub. It calls only for channels that are listened to. */
export interface EngineEvents {
  /** In order, each once, offsets without holes. */
  deliver(message: Message): void
  /** Something may have been missed on the channel: the hub catches everybody up. */
  lost(channel: Channel): void
  /**
   * The channel was forgotten on another node, and begins anew: whoever listens is sent away as there. An engine that did not
   * hear of it says `lost` instead, and one of this process says nothing.
   */
  forgotten?(channel: Channel): void
}

/** How an engine is made: it is handed whom it tells. */
export type EngineFactory<Made extends Engine = Engine> = (events: EngineEvents) => Made
