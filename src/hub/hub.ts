// The contract of the hub, the heart of a node: who listens to what, and how a message reaches them.
//
// A message takes one way: `publish` hands the draft to the engine; the engine numbers it and delivers it back; the
// audience of its channel takes it into its ring; the fan-out gives every bucket of listeners what it lacks. The hub
// knows rules and positions. It refuses to know HTTP, sockets, frames' syntax and who an engine is.
import type { Position } from "../../wire/cursor.ts"
import type { History } from "../../wire/frames.ts"
import type { Channel } from "../channels/channel.ts"
import type {
  ChannelState,
  Draft,
  MaybePromise,
  HistoryPage,
  PageBounds,
  Receipt,
} from "../engines/engine.ts"
import type { Listener } from "../transports/transport.ts"

/** The answer to a publish. */
export interface Published extends Receipt {
  /** Connections on this node that listen to the channel, held polls included. */
  readonly listeners: number
  readonly history: History
}

export interface Hub {
  /** Throws what the engine throws, and `overloaded` when too many publishes wait for a channel's listeners. */
  publish(draft: Draft): MaybePromise<Published>
  /** What came after a position; touches no audience. */
  read(channel: Channel, after: Position, bounds: PageBounds): MaybePromise<HistoryPage>
  state(channel: Channel): MaybePromise<ChannelState & { readonly listeners: number }>
  /** Forgets the history and ends every listener with `deleted`, on other nodes too. Answers how many they were on this node. */
  forget(channel: Channel): MaybePromise<{ readonly messages: number; readonly listeners: number }>
  /**
   * Makes a listener live, now or after it has caught up from `after`; null means from now on. One that is not gone stays as
   * it is. All it learns, it learns through its own methods: `start` first, then messages or one `reset`; `end` when the
   * engine fails.
   */
  join(listener: Listener, channel: Channel, after: Position | null): void
  /**
   * Makes sure that who joins next, in the same turn, listens at once. Call the answer after that. Throws what the engine
   * throws. For listeners that are not told when listening began.
   */
  prepare(channel: Channel): MaybePromise<() => void>
  /** The listener is gone. Harmless when it never joined or left before. */
  leave(listener: Listener): void
  /**
   * A listener takes no more for now, of what it is just given neither: what follows `after` is read for it, a page whenever it is `ready`.
   * It changes nothing for one that is neither live nor given a page.
   */
  pause(listener: Listener, after: Position): void
  /**
   * A reader is slow. Null: the rule says it is to be closed, or it is gone. Else it skips; call the answer once it has
   * drained, and it is told `skipped`, given the newest message and live again. One that was given nothing yet skips nothing.
   */
  startSkipping(listener: Listener): (() => void) | null
}
