// What the server publishes for whoever runs it: by the library, or as a hook's answer. Nobody's rights or rates are asked
// for; the rest is the way of every publish.
import { parseChannel } from "../../channels/name.ts"
import type { Payload } from "../../engines/engine.ts"
import type { ApiContext } from "../../http/api-context.ts"
import { idempotencyOf } from "../../http/idempotency.ts"
import { answerOf, type PublishAnswer } from "../../http/publish-answer.ts"
import { checkSize } from "../../hub/drafts.ts"
import { checkIdempotencyKey } from "../../protocols/idempotency-key.ts"

/** Publishes what `read` gives. Throws `LabaError`. */
export type ServerPublish = (channel: string, read: () => Payload, key?: string) => Promise<PublishAnswer>

export function makeServerPublish({
  hub,
  drafts,
  limits,
  access,
}: Pick<ApiContext, "hub" | "drafts" | "limits" | "access">): ServerPublish {
  return async (name, read, key) => {
    const channel = parseChannel(name, "body")
    access.checkName(channel)
    const payload = read()
    checkSize(payload, limits)
    const idempotency = idempotencyOf(key === undefined ? undefined : checkIdempotencyKey(key), payload)
    return answerOf(
      channel,
      await hub.publish(drafts.make({ channel, payload, idempotency, publisher: undefined })),
    )
  }
}
