// GET /_/api/channels: the channels that this node knows.
import { z } from "zod"
import { printCursor } from "../../../../wire/cursor.ts"
import type { Route } from "../backend.ts"
import { cursorOf, limitOf, pageQuery } from "../requests/query.ts"
import { next } from "../requests/shapes.ts"

const channel = z.strictObject({
  channel: z.string(),
  listeners: z.int().describe("Connections on this node that listen, held polls included."),
  cursor: z.string().describe("The tail: listening after it begins now."),
  kept: z.int().describe("Messages that are stored."),
  bytes: z.int().describe("Their bytes of payload."),
})

export const listChannels: Route = {
  method: "GET",
  path: "/_/api/channels",
  operationId: "listChannels",
  summary: "List the channels of this node",
  description:
    "Those with a history, a number or a listener, in no order that means anything. A channel that nobody uses is forgotten after a while.",
  query: pageQuery,
  answers: { 200: { description: "A page.", schema: z.strictObject({ channels: z.array(channel), next }) } },
  errors: ["bad_query", "bad_cursor"],
  async handle(context, call) {
    call.caller.mayManage()
    const page = await context.engine.channelsPage(cursorOf(call), limitOf(call))
    const channels = page.channels.map((entry) => ({
      channel: entry.channel,
      listeners: context.hub.listenersOf(entry.channel),
      cursor: printCursor(entry.channel, entry.tail),
      kept: entry.kept,
      bytes: entry.bytes,
    }))
    return Response.json({ channels, next: page.next })
  },
}
