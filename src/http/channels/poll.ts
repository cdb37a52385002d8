// GET with `after` or `wait`: what came since, held for a while when nothing has.
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { HistoryPage, PageBounds } from "../../engines/engine.ts"
import type { Limits } from "../../../wire/limits.ts"
import { readCursor } from "../../transports/cursors.ts"
import { ChannelPositions } from "../../transports/channel-positions.ts"
import { readStartPositions } from "../../transports/cursors.ts"
import { HeldManyPoll } from "../../transports/poll/held-many-poll.ts"
import { HeldChannelPoll } from "../../transports/poll/held-channel-poll.ts"
import type { HeldPoll, HeldPollOptions } from "../../transports/poll/held-poll.ts"
import {
  type ChannelReset,
  manyPollAnswer,
  messagesJson,
  pollAnswer,
  pollResponse,
} from "../../transports/poll/poll-answer.ts"
import type { PollConnection } from "../../transports/poll/poll-connection.ts"
import type { Ask, Station } from "../api-request.ts"
import type { Identity } from "../../access/access.ts"
import { addressOf } from "../admission.ts"
import type { Query } from "../listen-query.ts"

/** Seconds that Bun waits beyond the hold, before it takes a held poll for dead. */
const holdGraceSeconds = 5

const boundsOf = (limits: Limits): PageBounds => ({
  messages: limits.pageMessagesMax,
  bytes: limits.pageBytesMax,
})

export async function pollChannel(
  station: Station,
  ask: Ask,
  { channel, query, visit: connection }: { channel: Channel; query: Query; visit: PollConnection },
): Promise<Response> {
  const { shared } = station
  const position = readCursor(query.after, channel)
  const wait = query.wait ?? 0
  if (position) {
    const page = await shared.hub.read(channel, position, boundsOf(shared.limits))
    if (!("reset" in page)) {
      const last = page.messages[page.messages.length - 1]
      if (last || wait === 0)
        return pollResponse(
          pollAnswer(channel, last ?? position, null, messagesJson(page.messages), page.more),
        )
    } else if (page.reset !== "no-history" || wait === 0) {
      return pollResponse(pollAnswer(channel, page.tail, page.reset, [], false))
    } else {
      // Answered at once, such a poll would come back at once, for ever. It waits, and its answer says `reset` all the same.
      return hold(
        station,
        ask,
        { wishedSeconds: wait, visit: connection },
        (options) =>
          new HeldChannelPoll({ ...options, channel, after: null, standing: page.tail, reset: "no-history" }),
      )
    }
  }
  if (wait === 0) {
    const state = await shared.hub.state(channel)
    return pollResponse(pollAnswer(channel, state.tail, null, [], false))
  }
  return hold(
    station,
    ask,
    { wishedSeconds: wait, visit: connection },
    (options) =>
      new HeldChannelPoll({ ...options, channel, after: position, standing: position, reset: null }),
  )
}

export async function pollMany(
  station: Station,
  ask: Ask,
  {
    channels,
    query,
    visit: connection,
  }: { channels: readonly Channel[]; query: Query; visit: PollConnection },
): Promise<Response> {
  const { shared } = station
  const from = readStartPositions(query.after, channels)
  const wait = query.wait ?? 0
  const places = new ChannelPositions(channels)
  const positions: (Position | null)[] = []
  const messages: string[] = []
  const resets: ChannelReset[] = []
  const lossy: ChannelReset[] = []
  let more = false
  let bytesLeft = shared.limits.pageBytesMax
  for (const [index, channel] of channels.entries()) {
    const position = from?.[index] ?? null
    const stand = (place: Position): void => {
      places.set(index, place)
      positions[index] = place
    }
    if (!position) {
      stand((await shared.hub.state(channel)).tail)
      continue
    }
    const left = shared.limits.pageMessagesMax - messages.length
    if (left <= 0 || bytesLeft <= 0) {
      // The page is full: this channel keeps its place and comes with the next.
      stand(position)
      more = true
      continue
    }
    const page: HistoryPage = await shared.hub.read(channel, position, { messages: left, bytes: bytesLeft })
    if ("reset" in page) {
      const reset = { channel, cursor: printCursor(channel, page.tail), reason: page.reset }
      stand(page.tail)
      if (page.reset === "no-history") lossy.push(reset)
      else resets.push(reset)
      continue
    }
    stand(page.messages[page.messages.length - 1] ?? position)
    messages.push(...messagesJson(page.messages))
    for (const message of page.messages) bytesLeft -= message.bytes
    more ||= page.more
  }
  if (messages.length > 0 || resets.length > 0 || more || wait === 0) {
    return pollResponse(manyPollAnswer(places.cursor, [...resets, ...lossy], messages, more))
  }
  const lossyNames = new Set(lossy.map((reset) => reset.channel))
  const standing = positions.map((position, index) =>
    lossyNames.has(channels[index] as string) ? null : position,
  )
  return hold(
    station,
    ask,
    { wishedSeconds: wait, visit: connection },
    (options) => new HeldManyPoll({ ...options, channels, positions: places, from: standing, resets: lossy }),
  )
}

const secondsLeft = (identity: Identity): number =>
  identity.kind === "token"
    ? Math.max(0, (identity.expiresAtMs - Date.now()) / 1000)
    : Number.POSITIVE_INFINITY

function hold(
  station: Station,
  ask: Ask,
  { wishedSeconds, visit: connection }: { wishedSeconds: number; visit: PollConnection },
  make: (options: HeldPollOptions) => HeldPoll,
): Promise<Response> {
  const { holds, admission } = station
  const { identity } = connection.client
  // Reading took its time, and whoever waits must be somebody who is told when they may no longer.
  for (const channel of connection.channels) station.access.may(identity, "listen", channel)
  holds.admit()
  // Who is listed as a connection for as long as this is answered is counted as one.
  const isListed = connection.number !== 0
  admission.checkUser(connection.user, isListed ? 1 : 0)
  const owner = {
    addressUsage: admission.hold(addressOf(station, ask)),
    user: isListed ? undefined : connection.user,
    connection,
  }
  // What comes after a token's end is not for its bearer.
  const waitSeconds = Math.min(wishedSeconds, secondsLeft(identity))
  station.shared.setTimeout(ask.request, Math.ceil(waitSeconds) + holdGraceSeconds)
  const held = make({
    context: station.shared,
    heldPolls: holds,
    owner,
    waitSeconds,
    signal: ask.request.signal,
  })
  connection.waitsWith(held)
  return held.answered()
}
