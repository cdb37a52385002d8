// POST /_/api/publish: many different messages in one request, each answered by itself.
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
  messages: z
    .array(z.strictObject({ channel: z.string().describe("Where to."), ...draftShape }))
    .min(1)
    .max(messagesMax),
})

export const publishMany: Route = {
  method: "POST",
  path: "/_/api/publish",
  operationId: "publishMany",
  summary: "Publish many messages",
  description:
    "All messages are checked first: when one is malformed, too large or not allowed, none is published. What the engine then refuses (a key that conflicts, for example) is in that message's own result.",
  body,
  answers: { 200: { description: "A result for each message.", schema: results } },
  errors: publishErrors,
  async handle(context, call) {
    const { messages } = await readMessages(call.request.raw, body)
    const drafts = mapNumbered("messages", messages, (message) => ({
      channel: permittedChannel(context, call, message.channel),
      ...readDraft(context, call, message),
    }))
    return publishAll(context, drafts)
  },
}
