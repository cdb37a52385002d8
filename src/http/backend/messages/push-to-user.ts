// POST /_/api/users/{user}/messages: push to a user, which is to publish to one of the user's own channels.
import { z } from "zod"
import { LabaError } from "../../../../wire/error.ts"
import { userBytesMax, userPart } from "../../../access/rules/own-channels.ts"
import type { Channel } from "../../../channels/channel.ts"
import { listenersOn } from "../../listeners-on-nodes.ts"
import type { BackendContext, Route } from "../backend.ts"
import { readMessages } from "../requests/json-body.ts"
import { permittedChannel, publishErrors, publishNow, readDraft } from "./publishing.ts"
import { draftShape, published } from "../requests/shapes.ts"

const body = z.strictObject({
  topic: z.string().min(1).describe("What it is about: `orders/42` is the channel `/@<user>/orders/42`."),
  ...draftShape,
})

const pushed = published.extend({
  clusterListeners: z
    .int()
    .describe(
      "Connections that listen to the channel, on all nodes where the user is. Those that do not answer are not counted.",
    ),
  nodes: z.int().describe("On how many nodes they are."),
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
    201: { description: "It was published.", schema: pushed },
    200: { description: "The key was known: the first answer again.", schema: pushed },
  },
  errors: ["bad_request", ...publishErrors, "idempotency_conflict", "too_many_keys"],
  async handle(context, call) {
    const { topic, ...message } = await readMessages(call.request.raw, body)
    const channel = permittedChannel(context, call, `/${partOf(call.path["user"] as string)}/${topic}`)
    const answer = await publishNow(context, { channel, ...readDraft(context, call, message) })
    const reach = await reachOf(context, { user: call.path["user"] as string, channel })
    return Response.json({ ...answer, ...reach }, { status: answer.duplicate ? 200 : 201 })
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

/**
 * Who hears what is pushed to a user: asked of this node and of those that the user is on, and of no other. A node that is dead and still
 * under its lease does not answer, and is not counted: what was pushed is kept, but nobody there has heard it.
 */
async function reachOf(
  { nodes }: BackendContext,
  { user, channel }: { readonly user: string; readonly channel: Channel },
): Promise<{ clusterListeners: number; nodes: number }> {
  // It was published: that nobody can be counted is no failure of that.
  const runs = await nodes.nodesOf(user).catch(() => [])
  return listenersOn(nodes, [nodes.self, ...runs], channel)
}
