// Verifies the tokens of users for an application in which they log in by the same ones: as this server does, with its keys, its
// checks and its bounds. Knows no channel.
import type { TokenIdentity } from "../access/access.ts"
import { makeAccessSettings } from "../access/access-settings.ts"
import { type ConfigInput, parseConfig } from "../config/config.ts"
import type { MaybePromise } from "../engines/engine.ts"

/** Who a token is of. `expiresAtMs`: until when it counts, milliseconds since 1970. */
export type VerifiedToken = Pick<TokenIdentity, "user" | "expiresAtMs">

export interface VerifiesTokens {
  /**
   * Answers at once for a token that is remembered. Throws, or rejects with, a `LabaError`: `unauthorized`, `token_expired`, or
   * `keys_unavailable` while its issuer's keys cannot be fetched.
   */
  verify(token: string): MaybePromise<VerifiedToken>
}

/** `tokens`: as in a configuration. Throws `ConfigError` with all that is wrong in them. */
export function tokenVerifier(tokens: NonNullable<ConfigInput["tokens"]>): VerifiesTokens {
  const { verifier } = makeAccessSettings(parseConfig({ tokens }), { now: Date.now })
  if (verifier === null) throw new Error("Tokens are configured, and nothing verifies them.")
  return verifier
}
