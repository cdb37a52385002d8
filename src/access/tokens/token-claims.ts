// What a verified token says, as an identity. Called with claims whose signature was checked, and only then.
import type { JWTPayload } from "jose"
import { LabaError } from "../../../wire/error.ts"
import type { TokenIdentity } from "../access.ts"
import { nothing, scopeOf, scopePatternsMax } from "../credentials/scope.ts"
import { userPart } from "../rules/own-channels.ts"

interface ClaimBounds {
  readonly nowMs: number
  readonly leewaySeconds: number
  readonly lifetimeMaxSeconds: number
  /** Of the issuer's users. */
  readonly userPrefix: string
  /** `VerifyKey.digest` of the key that has signed it. */
  readonly key: string
}

/** Throws `unauthorized` when a claim is not of its form or the token would live too long. */
export function identityOf(claims: JWTPayload, bounds: ClaimBounds): TokenIdentity {
  const { exp, iat, jti, sub, iss, aud, channels } = claims
  const { leewaySeconds, userPrefix } = bounds
  if (typeof exp !== "number") throw broken("It has no `exp`; a token that never expires is not accepted.")
  const nowSeconds = bounds.nowMs / 1000
  // Counted from when it was issued: one that lives for years is not good on its last day either, when a revocation that
  // came before is remembered no longer.
  const lifeSeconds = exp - (iat ?? nowSeconds)
  if (lifeSeconds > bounds.lifetimeMaxSeconds + leewaySeconds) {
    throw broken(
      `It lives for ${Math.ceil(lifeSeconds)} seconds; the longest accepted is ${bounds.lifetimeMaxSeconds}.`,
    )
  }
  // Or a revocation, which goes by when a token was issued, would not reach it.
  if (iat !== undefined && !(iat <= nowSeconds + leewaySeconds))
    throw broken("It was issued in the future by its `iat`; the clock of its issuer is wrong, or ours.")
  if (jti !== undefined && (typeof jti !== "string" || jti.length > 256))
    throw broken("Its `jti` is not a text of at most 256 characters.")
  if (sub !== undefined && typeof sub !== "string") throw broken("Its `sub` is not a text.")
  if (sub === "") throw broken("Its `sub` is empty.")
  const user = sub === undefined ? undefined : userPrefix + sub
  // Asked now, so that a user without a place in names is refused here and not at some later subscribe.
  if (user !== undefined) userPart(user)
  return {
    kind: "token",
    user,
    scopes: channels === undefined ? null : scopesOf(channels, user),
    expiresAtMs: (exp + leewaySeconds) * 1000,
    issuedAtMs: (iat ?? 0) * 1000,
    clockAheadMsMax: leewaySeconds * 1000,
    id: jti,
    proof: { key: bounds.key, issuer: iss, audience: aud, userPrefix },
  }
}

/** A list says what may be listened to; an object says it of `listen` and `publish` apart. */
function scopesOf(channels: unknown, user: string | undefined): NonNullable<TokenIdentity["scopes"]> {
  if (Array.isArray(channels)) return { listen: scope(channels, user), publish: nothing }
  if (typeof channels !== "object" || channels === null)
    throw broken("Its `channels` is not a list of patterns, or an object with `listen` and `publish`.")
  const { listen = [], publish = [], ...rest } = channels as Record<string, unknown>
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined) throw broken("Its `channels` has more than `listen` and `publish`.")
  return { listen: scope(listen, user), publish: scope(publish, user) }
}

function scope(patterns: unknown, user: string | undefined) {
  if (!Array.isArray(patterns) || !patterns.every((one) => typeof one === "string"))
    throw broken("Its `channels` holds something that is not a list of patterns.")
  if (patterns.length > scopePatternsMax)
    throw broken(`Its \`channels\` has more than ${scopePatternsMax} patterns.`)
  try {
    return scopeOf(patterns, user)
  } catch (cause) {
    throw broken("Its `channels` holds something that is not a pattern of channels.", cause)
  }
}

const broken = (what: string, cause?: unknown): LabaError =>
  new LabaError("unauthorized", `The token is not accepted. ${what}`, cause === undefined ? {} : { cause })
