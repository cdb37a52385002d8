// What waits for a commit. Filled in as it goes on its way: numbered, written, answered.
import type { Keep } from "../../channels/channel.ts"
import type { Draft, Message, Receipt } from "../engine.ts"
import type { SourceGap } from "../source-mark.ts"
import type { StoredLog } from "./stored-log.ts"

export interface PendingMessage {
  readonly kind: "message"
  readonly draft: Draft
  /** When it was accepted, in milliseconds since 1970. */
  readonly time: number
  readonly keep: Keep
  /** Null on a channel without history, of which only the key and the source's mark are written down. */
  readonly log: StoredLog | null
  epoch?: number
  message?: Message
  batch?: number
  /** Of a source's message: what it was found to be instead of one that is published. */
  refusal?: "repeat" | SourceGap
  /** Absent when it was answered before. */
  answer?: PromiseWithResolvers<Receipt>
  /** Answered only when it is durable, though it was accepted before. */
  accepted?: Receipt
}

export interface PendingForget {
  readonly kind: "forget"
  readonly log: StoredLog
  /** What the channel begins anew in. */
  readonly epoch: number
  epochText?: string
  /** The row of the earlier life. */
  oldId?: number | null
  batch?: number
  answer?: PromiseWithResolvers<number>
}

export type PendingWrite = PendingMessage | PendingForget
