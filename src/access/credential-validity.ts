// Why what somebody has shown is good no longer: its time is over, it was revoked, or what it rests on is not configured or
// published any more. Decided here and nowhere else.
import { LabaError } from "../../wire/error.ts"
import type { Identity, KeyIdentity } from "./access.ts"
import type { Keys } from "./credentials/keys.ts"
import type { Revocations } from "./credentials/revocations.ts"
import type { TokenVerifier } from "./tokens/token-verifier.ts"

interface Current {
  readonly keys: Keys
  /** Null: no tokens are checked here. */
  readonly verifier: TokenVerifier | null
  readonly revocations: Revocations
  readonly nowMs: number
}

/** Null while it is good. */
export function whyNoLongerValid(identity: Identity, current: Current): LabaError | null {
  if (identity.kind === "anyone") return null
  if (identity.kind === "key") return whyKeyNoLongerValid(identity, current)
  const { verifier, revocations, nowMs } = current
  if (identity.expiresAtMs <= nowMs)
    return new LabaError("token_expired", "The token has expired; get a new one.")
  if (revocations.has(identity))
    return revocations.mayBeNewer(identity)
      ? new LabaError(
          "token_expired",
          "The token was issued too soon after its user's tokens were revoked to be told from those; get a new one.",
        )
      : new LabaError("unauthorized", "The token was revoked; log in again.")
  if (identity.proof === null) return null
  return verifier ? verifier.whyNoLongerValid(identity.proof) : noTokens()
}

function whyKeyNoLongerValid(key: KeyIdentity, { keys, revocations }: Current): LabaError | null {
  if (!keys.current(key))
    return new LabaError("unauthorized", `The key ${key.name} is not one of the configured ones any more.`)
  return revocations.has(key)
    ? new LabaError("unauthorized", "The user whom the application named for this key was revoked.")
    : null
}

export const noTokens = (): LabaError =>
  new LabaError("unauthorized", "This server is not configured to check tokens.")
