// GET /_/api/channels/history: what a channel still has, from its oldest message or from a cursor on.
import { z } from "zod"
import { type Position, printCursor } from "../../../../wire/cursor.ts"
import { parseChannel } from "../../../channels/name.ts"
import { readCursor } from "../../../transports/cursors.ts"
import { messagesJson, pollResponse } from "../../../transports/poll/poll-answer.ts"
import type { Route } from "../backend.ts"
import { limitOf, pageQuery } from "../requests/query.ts"
import { message } from "../requests/shapes.ts"

const answer = z.strictObject({
  channel: z.string(),
  cursor: z.string().describe("Where this page ends; `after` of the next."),
  reset: z
    .enum(["epoch", "trimmed", "no-history", "other-channels"])
    .nullable()
    .describe("Why `after` cannot be read on from; `cursor` is then the tail."),
  more: z.boolean().describe("Whether there is more now."),
  messages: z.array(message),
})

export const channelHistory: Route = {
  method: "GET",
  path: "/_/api/channels/history",
  operationId: "channelHistory",
  summary: "Read a channel's history",
  query: {
    channel: { description: "The channel's name.", required: true, schema: z.string() },
    after: { description: "A cursor. Without one, from the oldest message.", schema: z.string() },
    limit: pageQuery.limit,
  },
  answers: { 200: { description: "A page, oldest first.", schema: answer } },
  errors: ["bad_query", "bad_cursor", "bad_channel"],
  async handle(context, call) {
    const channel = parseChannel(call.query["channel"] as string, "body")
    call.caller.may("history", channel)
    const { hub, limits } = context
    const asked = readCursor(call.query["after"], channel)
    const bounds = { messages: limitOf(call), bytes: limits.pageBytesMax }
    const after = asked ?? oldest(await hub.state(channel))
    const page = await hub.read(channel, after, bounds)
    const name = JSON.stringify(channel)
    if ("reset" in page) {
      return pollResponse(
        `{"channel":${name},"cursor":"${printCursor(channel, page.tail)}","reset":"${page.reset}","more":false,"messages":[]}`,
      )
    }
    const cursor = printCursor(channel, page.messages.at(-1) ?? after)
    // The messages are JSON text already.
    return pollResponse(
      `{"channel":${name},"cursor":"${cursor}","reset":null,"more":${page.more},"messages":[${messagesJson(page.messages).join(",")}]}`,
    )
  },
}

/** Right before the oldest message that is kept. */
const oldest = ({ tail, kept }: { tail: Position; kept: number }): Position => ({
  epoch: tail.epoch,
  offset: tail.offset - kept,
})
