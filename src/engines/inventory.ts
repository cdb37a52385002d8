// The contract of what an engine can tell its operator, beside what `Engine` promises to everybody: which channels there
// are, and what they cost. Looking changes nothing: it is no use of a channel and keeps none alive.
import type { Position } from "../../wire/cursor.ts"
import type { Channel } from "../channels/channel.ts"
import type { MaybePromise } from "./engine.ts"

/** What an engine tells about itself. An engine that cannot know one leaves it out. */
export interface EngineFigures {
  /** What history costs here, by the reckoning of `limits.historyBytesMax`. */
  readonly historyBytes?: number
  readonly idempotencyKeys?: number
  /** Channels that have a history or a listener. */
  readonly channels?: number
}

/** A channel that the engine knows. */
export interface ChannelInfo {
  readonly channel: Channel
  readonly tail: Position
  /** Messages that are stored; a few may be past their time and not cleared yet. */
  readonly kept: number
  /** Their bytes of payload. */
  readonly bytes: number
}

export interface ChannelsPage {
  readonly channels: readonly ChannelInfo[]
  /** Where the next page begins; null when there is none. */
  readonly next: string | null
}

export interface Inventory {
  readonly figures: EngineFigures
  /**
   * A page of the channels that have a history, a number or a listener, in no order that means anything. One that is
   * there all the while is on exactly one page. Never looks at more than a page's worth. Throws `bad_cursor`.
   */
  channelsPage(from: string | null, limit: number): MaybePromise<ChannelsPage>
}
