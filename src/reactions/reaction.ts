// The contract of a reaction: what is done for each message, and how its failure is to be taken.
import type { Message } from "../../client/channels/message.ts"

/** What a reaction is given beside the message. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number
  /** Aborts when it takes too long, or when everything ends. */
  readonly signal: AbortSignal
}

/** Done once for each message, at least. Rejects when it failed; it is then tried again, unless it was `NeverAgain`. */
export type Reaction = (message: Message, attempt: Attempt) => Promise<void>

/** Trying again would change nothing: the message is set aside at once. */
export class NeverAgain extends Error {
  override readonly name = "NeverAgain"
}

/** A message that was set aside, with why. */
export interface SetAside {
  readonly message: Message
  readonly reason: string
  readonly attempts: number
  /** When, in milliseconds since 1970. */
  readonly time: number
}

/** Where a reaction stands in its channel, kept over a restart. */
export interface Place {
  /** Resolves once it outlives a crash. */
  save(cursor: string): Promise<void>
}

/** A place that can be read at the next start. */
export interface KeptPlace extends Place {
  /** The cursor that was saved; null when there is none. */
  read(): Promise<string | null>
}

/** What could not be reacted to, kept until somebody looks. */
export interface Aside {
  /** Resolves once it outlives a crash. Rejects when there is no more room. */
  put(entry: SetAside): Promise<void>
}
