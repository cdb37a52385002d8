// GET /c with `after` or `wait`: what came since, held for a while when nothing has.
import type { Channel } from "../../channels/channel.ts"
import { readCursor } from "../../transports/cursors.ts"
import { HeldChannelPoll, type HeldChannelPollOptions } from "../../transports/poll/held-channel-poll.ts"
import { messagesJson, pollAnswer, pollResponse } from "../../transports/poll/poll-answer.ts"
import type { PollConnection } from "../../transports/poll/poll-connection.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { holdPoll } from "../hold-poll.ts"
import type { ListenQuery } from "../listen-query.ts"

export async function pollChannel(
  context: ApiContext,
  request: ApiRequest,
  { channel, query, connection }: { channel: Channel; query: ListenQuery; connection: PollConnection },
): Promise<Response> {
  const { hub, limits } = context
  const after = readCursor(query.after, channel)
  const wait = query.wait ?? 0
  const hold = (from: Pick<HeldChannelPollOptions, "after" | "standing" | "reset">): Promise<Response> =>
    holdPoll(
      context,
      request,
      { wishedSeconds: wait, connection },
      (options) => new HeldChannelPoll({ ...options, channel, ...from }),
    )
  if (after) {
    const page = await hub.read(channel, after, {
      messages: limits.pageMessagesMax,
      bytes: limits.pageBytesMax,
    })
    if ("reset" in page) {
      // Answered at once, such a poll would come back at once, for ever. It waits, and its answer says `reset` all the same.
      if (page.reset === "no-history" && wait > 0)
        return hold({ after: null, standing: page.tail, reset: "no-history" })
      return pollResponse(pollAnswer(channel, page.tail, page.reset, [], false))
    }
    const last = page.messages.at(-1)
    if (last || wait === 0)
      return pollResponse(pollAnswer(channel, last ?? after, null, messagesJson(page.messages), page.more))
  }
  if (wait > 0) return hold({ after, standing: after, reset: null })
  const { tail } = await hub.state(channel)
  return pollResponse(pollAnswer(channel, tail, null, [], false))
}
