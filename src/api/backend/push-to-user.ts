// POST /_/api/users/{user}/messages: push to a user, which is to publish to one of the user's own channels.
import { z } from "zod"
import { LabaError } from "../../../wire/error.ts"
import { userBytesMax, userPart } from "../../access/user-part.ts"
import type { Route } from "./backend.ts"
import { readJson } from "./json-body.ts"
import { channelFor, publishErrors, publishNow, readDraft } from "./publishing.ts"
import { draftShape, published } from "./shapes.ts"

const body = z.strictObject({
  topic: z.string().min(1).describe("What it is about: `orders/42` is the channel `/@<user>/orders/42`."),
  ...draftShape,
})

export const pushToUser: Route = {
  method: "POST",
  path: "/_/api/users/{user}/messages",
  operationId: "pushToUser",
  summary: "Push a message to a user",
  description:
    "Publishes to `/@<user>/<topic>`: numbered, and kept by that channel's rule, so it is there when the user comes back.",
  body,
  answers: {
    201: { description: "It was published.", schema: published },
    200: { description: "The key was known: the first answer again.", schema: published },
  },
  errors: ["bad_request", ...publishErrors, "idempotency_conflict", "too_many_keys"],
  async handle(desk, call) {
    const { topic, ...message } = await readJson(call.ask.request, body)
    const channel = channelFor(desk, call, `/${partOf(call.path["user"] as string)}/${topic}`)
    const answer = await publishNow(desk, { channel, ...readDraft(desk, message) })
    return Response.json(answer, { status: answer.duplicate ? 200 : 201 })
  },
}

/** A user whom no token could name has no channels. Throws `bad_request`. */
function partOf(user: string): string {
  try {
    return userPart(user)
  } catch (cause) {
    throw new LabaError("bad_request", `A user is 1 to ${userBytesMax} bytes of text.`, { cause })
  }
}
