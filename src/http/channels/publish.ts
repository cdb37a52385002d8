// POST /c: publish.
import { readChannel } from "../../access/rules/own-channels.ts"
import type { Channel } from "../../channels/channel.ts"
import { type Sender, senderOf } from "../../hooks/remote/delivery/fair-queue.ts"
import type { Published } from "../../hub/hub.ts"
import { userOf } from "../../access/access.ts"
import { checkIdempotencyKey } from "../../protocols/idempotency-key.ts"
import { addressGroupIn, permitPublish } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { readPublishBody } from "../body/publish-body.ts"
import { idempotencyOf, keyScopeOf } from "../idempotency.ts"
import { answerOf } from "../publish-answer.ts"

const created = { status: 201, headers: answerHeaders() }
const repeated = { status: 200, headers: answerHeaders() }

export async function publish(context: ApiContext, request: ApiRequest): Promise<Response> {
  const channel = readChannel(request.identity, request.path, "path")
  const { generation } = context.access
  const publisher = permitPublish(context, request, channel)
  const { headers } = request.raw
  const key = headers.get("idempotency-key")
  const idempotencyKey = key === null ? undefined : checkIdempotencyKey(key)
  const payload = await readPublishBody(request.raw, context.limits)
  if (request.identity.kind !== "key") {
    const user = userOf(request.identity)
    const sender = (): Sender => senderOf(user, addressGroupIn(context, request))
    if (!(await context.application.letsPublish(channel, payload, { user, sender })))
      return new Response(null, { status: 202 })
  }
  // The body and the application may have taken their time, and what was shown be good no longer.
  if (context.access.generation !== generation) context.access.may(request.identity, "publish", channel)
  else context.access.check(request.identity)
  const published = context.hub.publish(
    context.drafts.make({
      channel,
      payload,
      idempotency: idempotencyOf(idempotencyKey, payload, keyScopeOf(request.identity)),
      publisher,
    }),
  )
  return published instanceof Promise ? answer(channel, await published) : answer(channel, published)
}

function answer(channel: Channel, published: Published): Response {
  return new Response(JSON.stringify(answerOf(channel, published)), published.duplicate ? repeated : created)
}

/** `Headers` and no plain object: a response copies them in half of the time that it takes to read one. */
function answerHeaders(): Headers {
  return new Headers({ "Content-Type": "application/json; charset=utf-8" })
}
