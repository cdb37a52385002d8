// Signs what is posted as Standard Webhooks has it (standardwebhooks.com, v1): over its id, its time and its body, so that
// none can be changed and an old one cannot be played again later. Receivers have libraries for it.
import { createHmac } from "node:crypto"

interface Signed {
  readonly id: string
  readonly seconds: number
  readonly body: string | Uint8Array
}

/** The three headers `webhook-id`, `webhook-timestamp` and `webhook-signature`. */
export function webhookHeaders(secret: string, { id, seconds, body }: Signed): Record<string, string> {
  const digest = createHmac("sha256", keyOf(secret)).update(`${id}.${seconds}.`).update(body).digest("base64")
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": `v1,${digest}`,
  }
}

/** Whether it comes to no key at all, with which anybody could sign. */
export const isEmptySecret = (secret: string): boolean => secret.trim() === "" || keyOf(secret).length === 0

/** `whsec_` and base64, as the scheme writes keys; any other text is the key itself. */
const keyOf = (secret: string): Buffer | string =>
  secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : secret
