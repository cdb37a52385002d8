// GET /_/poll: what came since on many channels, held for a while when nothing has.
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { HistoryPage } from "../../engines/engine.ts"
import { ChannelPositions } from "../../transports/channel-positions.ts"
import { readStartPositions } from "../../transports/cursors.ts"
import { HeldManyPoll } from "../../transports/poll/held-many-poll.ts"
import {
  type ChannelReset,
  manyPollAnswer,
  messagesJson,
  pollResponse,
} from "../../transports/poll/poll-answer.ts"
import type { PollConnection } from "../../transports/poll/poll-connection.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { holdPoll } from "../hold-poll.ts"
import type { ListenQuery } from "../listen-query.ts"

export async function pollMany(
  context: ApiContext,
  request: ApiRequest,
  {
    channels,
    query,
    connection,
  }: { channels: readonly Channel[]; query: ListenQuery; connection: PollConnection },
): Promise<Response> {
  const { hub, limits } = context
  const from = readStartPositions(query.after, channels)
  const wait = query.wait ?? 0
  const cursorPositions = new ChannelPositions(channels)
  const positions: (Position | null)[] = []
  const messages: string[] = []
  const resets: ChannelReset[] = []
  const lossy: ChannelReset[] = []
  let more = false
  let bytesLeft = limits.pageBytesMax
  for (const [index, channel] of channels.entries()) {
    const position = from?.[index] ?? null
    const moveTo = (next: Position): void => {
      cursorPositions.set(index, next)
      positions[index] = next
    }
    if (!position) {
      moveTo((await hub.state(channel)).tail)
      continue
    }
    const left = limits.pageMessagesMax - messages.length
    if (left <= 0 || bytesLeft <= 0) {
      // The page is full: this channel stays where it is and comes with the next.
      moveTo(position)
      more = true
      continue
    }
    const page: HistoryPage = await hub.read(channel, position, { messages: left, bytes: bytesLeft })
    if ("reset" in page) {
      const reset = { channel, cursor: printCursor(channel, page.tail), reason: page.reset }
      moveTo(page.tail)
      if (page.reset === "no-history") lossy.push(reset)
      else resets.push(reset)
      continue
    }
    moveTo(page.messages[page.messages.length - 1] ?? position)
    messages.push(...messagesJson(page.messages))
    for (const message of page.messages) bytesLeft -= message.bytes
    more ||= page.more
  }
  if (messages.length > 0 || resets.length > 0 || more || wait === 0) {
    return pollResponse(manyPollAnswer(cursorPositions.cursor, [...resets, ...lossy], messages, more))
  }
  const lossyNames = new Set(lossy.map((reset) => reset.channel))
  const heldFrom = positions.map((position, index) =>
    lossyNames.has(channels[index] as string) ? null : position,
  )
  return holdPoll(
    context,
    request,
    { wishedSeconds: wait, connection },
    (options) =>
      new HeldManyPoll({ ...options, channels, positions: cursorPositions, from: heldFrom, resets: lossy }),
  )
}
