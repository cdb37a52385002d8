// POST /_/api/broadcast: one message to many channels.
import { z } from "zod"
import type { Route } from "./backend.ts"
import { readJson } from "./json-body.ts"
import { channelFor, forEachNumbered, messagesMax, publishAll, readDraft } from "./publishing.ts"
import { draftShape, results } from "./shapes.ts"

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
  answers: { 200: { description: "A result for each channel, in order.", schema: results } },
  errors: ["bad_body", "bad_json", "bad_utf8", "bad_channel", "bad_key", "too_large", "unsupported_type"],
  async handle(desk, call) {
    const given = await readJson(call.ask.request, body)
    const channels = forEachNumbered("channels", given.channels, (name) => channelFor(call, name))
    // Two spellings of one name are one channel, and get the message once each time they were asked for otherwise.
    const draft = readDraft(desk, given)
    return publishAll(
      desk,
      [...new Set(channels)].map((channel) => ({ channel, ...draft })),
    )
  },
}
