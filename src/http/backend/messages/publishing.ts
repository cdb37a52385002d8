// Publishing for backends: everything is checked before anything is published, and then each message has its own answer.
import type { Code } from "../../../../wire/codes.ts"
import { publisherOf } from "../../../access/limits/publish-rates.ts"
import { LabaError, type Problem, problemOf } from "../../../../wire/error.ts"
import type { Channel } from "../../../channels/channel.ts"
import { parseChannel } from "../../../channels/name.ts"
import type { JsonText } from "../../../../wire/json-scan.ts"
import type { MaybePromise } from "../../../engines/engine.ts"
import { checkSize, type DraftRequest } from "../../../hub/drafts.ts"
import { readJsonPayload } from "../../../protocols/json-payload.ts"
import { checkIdempotencyKey } from "../../../protocols/idempotency-key.ts"
import { idempotencyOf } from "../../idempotency.ts"
import { answerOf, type PublishAnswer } from "../../publish-answer.ts"
import { permitPublish } from "../../admission.ts"
import type { Call, BackendContext } from "../backend.ts"
import { jsonErrors } from "../requests/json-body.ts"

/** Messages of one request, or channels of one broadcast. A thousand publishes hold the loop for about 10 ms. */
export const messagesMax = 1000

/** What reading and permitting messages may throw. */
export const publishErrors = [
  ...jsonErrors,
  "bad_channel",
  "bad_key",
  "too_many_requests",
] as const satisfies readonly Code[]

/** A message as it comes in a body (`draftShape`). */
interface MessageBody {
  /** As `readMessages` left it. */
  readonly data: JsonText
  readonly type?: string | undefined
  readonly base64?: true | undefined
  readonly key?: string | undefined
}

/** A channel's name from a body, for a caller who may publish there, as often. Throws `bad_channel`, `forbidden` and `too_many_requests`. */
export function permittedChannel(context: BackendContext, call: Call, name: string): Channel {
  const channel = parseChannel(name, "body")
  permitPublish(context, call.request, channel)
  return channel
}

/** What a message is made of. Throws `bad_body`, `too_large` and `bad_key`. */
export function readDraft(
  context: BackendContext,
  call: Call,
  body: MessageBody,
): Omit<DraftRequest, "channel"> {
  const payload = readJsonPayload(body, "bad_body")
  checkSize(payload, context.limits)
  return {
    payload,
    idempotency: idempotencyOf(body.key === undefined ? undefined : checkIdempotencyKey(body.key), payload),
    publisher: publisherOf(call.request.identity, null),
  }
}

/** Does it for each, and says which one is wrong. */
export function mapNumbered<Item, Made>(
  name: string,
  items: readonly Item[],
  make: (item: Item) => Made,
): Made[] {
  return items.map((item, index) => {
    try {
      return make(item)
    } catch (error) {
      if (!(error instanceof LabaError)) throw error
      const { retryAfterSeconds, limit } = error
      throw new LabaError(error.code, `${name}[${index}]: ${error.detail}`, {
        cause: error,
        limit,
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      })
    }
  })
}

/** What one message came to. */
type PublishResult = PublishAnswer | { readonly channel: string; readonly error: Problem }

/** Publishes one. What the engine refuses is an answer, since others of the request may be published already. */
async function publishOne(context: BackendContext, draft: DraftRequest): Promise<PublishResult> {
  try {
    return await publishNow(context, draft)
  } catch (error) {
    if (!(error instanceof LabaError)) throw error
    context.counters.countRefusedPublish(error.code)
    return { channel: draft.channel, error: problemOf(error) }
  }
}

/** Throws what the engine throws. */
export function publishNow(context: BackendContext, draft: DraftRequest): MaybePromise<PublishAnswer> {
  const published = context.hub.publish(context.drafts.make(draft))
  return published instanceof Promise
    ? published.then((answer) => answerOf(draft.channel, answer))
    : answerOf(draft.channel, published)
}

/** All at once: the engine sees them in the order of the request. */
export const publishAll = async (
  context: BackendContext,
  drafts: readonly DraftRequest[],
): Promise<Response> =>
  Response.json({ results: await Promise.all(drafts.map((draft) => publishOne(context, draft))) })
