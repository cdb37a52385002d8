// GET /_/api/presence: who listens to a channel, on all nodes.
import { z } from "zod"
import { parseChannel } from "../../../channels/name.ts"
import { parsePageCursor, printPageCursor } from "../../../paging/page-cursor.ts"
import type { Route } from "../backend.ts"
import { cursorOf, limitOf, pageQuery } from "../requests/query.ts"
import { next } from "../requests/shapes.ts"

const answer = z.strictObject({
  channel: z.string(),
  users: z.int().describe("Users who listen, on all nodes; one with three connections is one."),
  guests: z.int().describe("Connections that listen and belong to no user."),
  members: z.array(
    z.strictObject({
      user: z.string(),
      since: z.int().describe("In milliseconds since 1970, by the clock of the node that they came to."),
    }),
  ),
  next,
})

export const channelPresence: Route = {
  method: "GET",
  path: "/_/api/presence",
  operationId: "channelPresence",
  summary: "See who listens to a channel",
  description:
    "Where the channel's rule keeps presence. Whoever is there all the while is on exactly one page.",
  query: {
    channel: { description: "The channel's name.", required: true, schema: z.string() },
    ...pageQuery,
  },
  answers: { 200: { description: "A page.", schema: answer } },
  errors: ["bad_query", "bad_cursor", "bad_channel", "not_found"],
  async handle(context, call) {
    const channel = parseChannel(call.query["channel"] as string, "body")
    call.caller.may("presence", channel)
    const page = { from: parsePageCursor(cursorOf(call)), limit: limitOf(call) }
    const attendance = await context.presence.list(channel, page)
    const { users, guests, members } = attendance
    return Response.json({ channel, users, guests, members, next: printPageCursor(attendance.next) })
  },
}
