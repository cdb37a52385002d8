// What a check of the books and the channels found. It travels as JSON from the process that checks.
import type { InvariantName } from "../model/invariants.ts"

export interface Verdict {
  readonly at: number
  readonly findings: Readonly<Record<InvariantName, readonly string[]>>
  readonly channels: ChannelsRead
}

export interface ChannelsAudited {
  /** Channels that were read. */
  readonly read: number
  /** Tickets that there are: a user who came twice has two, and one channel. */
  readonly of: number
  /** Tickets whose channel is behind: to be told again. */
  readonly behind: readonly { readonly sale: string; readonly number: number }[]
}

export type ChannelsRead =
  | ChannelsAudited
  /** Laba could not be asked: nothing is known of the channels. */
  | { readonly failed: string }
  | { readonly skipped: string }
