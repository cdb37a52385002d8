// What an Idempotency-Key becomes where keys are remembered: it is somebody's own, and stands for one message.
import { createHash } from "node:crypto"
import { type Identity, userOf } from "../access/access.ts"
import type { Idempotency, Payload } from "../engines/engine.ts"

/** What is put before a key, so that nobody can use up the keys of somebody else. */
type KeyScope = string

/** Of all backends together: one retries under the key of another. */
const backends: KeyScope = ""

/** A user has keys of their own; all who are nobody share theirs, since an address may change between two tries. */
export function keyScopeOf(identity: Identity): KeyScope {
  if (identity.kind === "key") return backends
  const user = userOf(identity)
  return user === undefined ? "? " : `${createHash("sha256").update(user).digest("base64url").slice(0, 22)} `
}

/** The key with a digest of what it stands for; `undefined` without a key. */
export function idempotencyOf(
  key: string | undefined,
  payload: Payload,
  scope: KeyScope = backends,
): Idempotency | undefined {
  if (key === undefined) return undefined
  const digest = createHash("sha256")
    .update(payload.type)
    .update("\n")
    .update(payload.data)
    .digest("base64url")
  return { key: scope + key, digest }
}
