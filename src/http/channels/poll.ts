// GET /c with `after` or `wait`: what came since, held for a while when nothing has.
import type { Limits } from "../../../wire/limits.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PageBounds } from "../../engines/engine.ts"
import { readCursor } from "../../transports/cursors.ts"
import { HeldChannelPoll } from "../../transports/poll/held-channel-poll.ts"
import { messagesJson, pollAnswer, pollResponse } from "../../transports/poll/poll-answer.ts"
import type { PollConnection } from "../../transports/poll/poll-connection.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { holdPoll } from "../hold-poll.ts"
import type { ListenQuery } from "../listen-query.ts"

const boundsOf = (limits: Limits): PageBounds => ({
  messages: limits.pageMessagesMax,
  bytes: limits.pageBytesMax,
})

export async function pollChannel(
  context: ApiContext,
  request: ApiRequest,
  { channel, query, connection }: { channel: Channel; query: ListenQuery; connection: PollConnection },
): Promise<Response> {
  const { hub, limits } = context
  const position = readCursor(query.after, channel)
  const wait = query.wait ?? 0
  if (position) {
    const page = await hub.read(channel, position, boundsOf(limits))
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
      return holdPoll(
        context,
        request,
        { wishedSeconds: wait, connection },
        (options) =>
          new HeldChannelPoll({ ...options, channel, after: null, standing: page.tail, reset: "no-history" }),
      )
    }
  }
  if (wait === 0) {
    const state = await hub.state(channel)
    return pollResponse(pollAnswer(channel, state.tail, null, [], false))
  }
  return holdPoll(
    context,
    request,
    { wishedSeconds: wait, connection },
    (options) =>
      new HeldChannelPoll({ ...options, channel, after: position, standing: position, reset: null }),
  )
}
