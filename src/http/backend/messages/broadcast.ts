// POST /_/api/broadcast: one message to many channels.
import { z } from "zod"
import type { Route } from "../backend.ts"
import { readMessages } from "../requests/json-body.ts"
import {
  permittedChannel,
  mapNumbered,
  messagesMax,
  publishAll,
  publishErrors,
  readDraft,
} from "./publishing.ts"
import { draftShape, results } from "../requests/shapes.ts"

const body = z.strictObject({
  channels: z.array(z.string()).min(1).max(messagesMax).describe("Where to, each once."),
  ...draftShape,
})

export const broadcast: Route = {
  method: "POST",
  path: "/_/api/broadcast",
  operationId: "broadcast",
  summary: "Publish one message to many channels",
  description: "As with many messages: all is checked first, then each channel has a result of its own.",
  body,
  answers: {
    200: {
      description: "A result for each channel, in order; a channel that is named twice has one.",
      schema: results,
    },
  },
  errors: publishErrors,
  async handle(context, call) {
    const given = await readMessages(call.request.raw, body)
    const channels = mapNumbered("channels", given.channels, (name) => permittedChannel(context, call, name))
    // Two spellings of one name are one channel, which gets the message once.
    const draft = readDraft(context, call, given)
    return publishAll(
      context,
      [...new Set(channels)].map((channel) => ({ channel, ...draft })),
    )
  },
}
