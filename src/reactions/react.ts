// Reacts to a channel: connects, goes on from the place that was kept, and hands each message to a runner until it is
// stopped. Knows neither where the place is kept nor what is done with a message.
import { systemClock } from "../bounds/clock.ts"
import { connect } from "../../client/connect.ts"
import type { Channel, Subscription } from "../../client/channels/channel.ts"
import type { Laba } from "../../client/laba.ts"
import type { Message } from "../../client/channels/message.ts"
import type { TokenSource } from "../../client/connection/token-source.ts"
import { LabaFailure } from "../../client/reason.ts"
import { parseCursor, type Position } from "../../wire/cursor.ts"
import { keptMessages } from "./kept-messages.ts"
import type { Aside, KeptPlace, Reaction } from "./reaction.ts"
import { type Failed, ReactionRunner, type ReactionRunnerOptions } from "./reaction-runner.ts"

export interface ReactOptions {
  /** The server, `https://laba.example`. */
  readonly url: string
  /** The channel's name. */
  readonly channel: string
  readonly token?: TokenSource
  readonly reaction: Reaction
  readonly place: KeptPlace
  readonly aside: Aside
  /** Where the very first run begins. Default: from now on. */
  readonly after?: string | undefined
  /** Messages under way at once. Default 1, which keeps the order. */
  readonly atOnce?: number
  /** How often a message is tried before it is set aside. Default 6, over half a minute; `Infinity` never gives one up. */
  readonly tries?: number
  /** How long one try may take. Default a minute. */
  readonly timeoutMs?: number
  readonly onFailure?: (message: Message, failure: Failed) => void
  /**
   * The server has forgotten messages that were not reacted to. It goes on with those of their numbering that are still kept, and
   * then with what comes.
   */
  readonly onReset?: (detail: string) => void
  /** For tests. Default: the system's. */
  readonly clock?: ReactionRunnerOptions["clock"]
}

export interface Reacting {
  readonly laba: Laba
  readonly channel: Channel
  /** Where it goes on: the place that was kept, or where the first run begins; undefined for "from now on". */
  readonly after: string | undefined
  /** Resolves once it listens and, the first time, has kept where it began. Rejects when it is refused, or cannot keep it. */
  readonly ready: Promise<Subscription>
  /** Rejects when to go on would be to lose a message: a place or a message set aside that cannot be kept. Else never settles. */
  readonly failed: Promise<never>
  /** Resolves once it was closed. Rejects as `failed` does: a program that does nothing else waits for this. */
  readonly ended: Promise<void>
  /** Takes no more, lets what is under way end within `patienceMs`, and keeps the place. */
  stop(patienceMs: number): Promise<void>
  /** Ends the connection. What was not stopped before comes again with the next start. */
  close(): void
}

/** Messages that wait here to be reacted to. More rest on the server, which keeps them. */
const bufferMax = 100

/** Begins to react. Rejects when the place cannot be read. */
export async function react(options: ReactOptions): Promise<Reacting> {
  const { url, channel: name, token, place } = options
  const { atOnce = 1, tries = 6, timeoutMs = 60_000, clock = systemClock } = options
  const { onFailure = () => {}, onReset = () => {} } = options
  const after = (await place.read()) ?? options.after
  const laba = connect(url, { bufferMax, ...(token && { token }) })
  const channel = laba.channel(name, after === undefined ? {} : { after })
  const runner = new ReactionRunner({ ...options, atOnce, tries, timeoutMs, clock, onFailure })
  const begin = async (): Promise<Subscription> => {
    const subscription = await channel.ready()
    // Before the first message: what is published while we are down is then not missed, though none ever came.
    if (after === undefined) await place.save(subscription.cursor)
    return subscription
  }
  const ready = begin()
  // Whoever waits for it hears of it; nobody has to.
  ready.catch(() => {})
  let isOver = false
  const broken = ready
    .then(({ cursor }) =>
      feed({
        channel,
        runner,
        onReset,
        kept: () => keptMessages({ url, channel: channel.name, token }),
        begun: after ?? cursor,
      }),
    )
    .catch((error: unknown) => (isOver ? new Promise<never>(() => {}) : Promise.reject(error)))
  const failed = Promise.race([runner.failed, broken])
  failed.catch(() => {})
  const closing = Promise.withResolvers<void>()
  const ended = Promise.race([closing.promise, failed])
  ended.catch(() => {})
  return {
    laba,
    channel,
    after,
    ready,
    failed,
    ended,
    stop: (patienceMs) => runner.stop(patienceMs),
    close() {
      isOver = true
      laba.close()
      closing.resolve()
    },
  }
}

interface Feed {
  readonly channel: Channel
  readonly runner: ReactionRunner
  readonly onReset: (detail: string) => void
  /** All that the server still keeps. */
  readonly kept: () => AsyncIterable<Message>
  /** The cursor that it begins after. */
  readonly begun: string
}

/** Never ends by itself. A reset is told; what is kept of what was missed is taken, and the listening goes on from the tail. */
async function feed({ channel, runner, onReset, kept, begun }: Feed): Promise<never> {
  let last = parseCursor(begun, channel.name)
  const take = async (message: Message): Promise<void> => {
    const position = parseCursor(message.cursor, channel.name)
    // What was read from the history comes again by the channel.
    if (position !== null && isPast(position, last)) return
    last = position
    await runner.take(message)
  }
  for (;;) {
    try {
      for await (const message of channel) await take(message)
      // The channel was closed: whoever closed it says why.
      await new Promise<never>(() => {})
    } catch (error) {
      if (!(error instanceof LabaFailure) || error.code !== "reset") throw error
      onReset(error.detail)
      for await (const message of kept()) {
        // Of another numbering it cannot be known what was reacted to: that may be all of it.
        if (parseCursor(message.cursor, channel.name)?.epoch !== last?.epoch) break
        await take(message)
      }
    }
  }
}

const isPast = (position: Position, last: Position | null): boolean =>
  last !== null && position.epoch === last.epoch && position.offset <= last.offset
