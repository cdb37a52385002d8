// The shop's own login: JSON Web Tokens (RFC 7519), verified as Laba verifies them. Whatever else the shop signs with the same key, for
// another audience, logs nobody in here.
import { LabaError, tokenVerifier, type VerifiesTokens } from "laba"
import { isUserName } from "../model/record.ts"
import { Problem } from "./answers.ts"
import type { Login } from "./login.ts"

export interface ShopTokensOptions {
  /** What `iss` must be. */
  readonly issuer: string
  /** What `aud` must name. */
  readonly audience: string
  /** Shared secrets and public keys in PEM; more than one while they are changed. */
  readonly keys?: readonly string[]
  /** Where the issuer's public keys are fetched. */
  readonly jwks?: string | undefined
}

export class ShopTokens implements Login {
  private readonly verifier: VerifiesTokens

  /** Throws `ConfigError` when a key is none, or there is none. */
  constructor({ issuer, audience, keys = [], jwks }: ShopTokensOptions) {
    const isPem = (key: string): boolean => key.includes("-----BEGIN ")
    const publicKeys = keys.filter(isPem)
    const secret = keys.filter((key) => !isPem(key))
    this.verifier = tokenVerifier({
      issuer,
      audience,
      ...(secret.length > 0 && { secret }),
      ...(publicKeys.length > 0 && { publicKeys }),
      ...(jwks !== undefined && { jwks }),
    })
  }

  userOf(credential: string): string | null | Promise<string | null> {
    try {
      const verified = this.verifier.verify(credential)
      return verified instanceof Promise ? verified.then(userIn).catch(nobody) : userIn(verified)
    } catch (error) {
      return nobody(error)
    }
  }
}

const userIn = ({ user }: { readonly user: string | undefined }): string | null =>
  user !== undefined && isUserName(user) ? user : null

/** Throws a problem when nobody can say now. */
function nobody(error: unknown): null {
  if (!(error instanceof LabaError)) throw error
  if (error.code !== "keys_unavailable") return null
  throw new Problem(
    503,
    "keys_unavailable",
    "The keys of the login cannot be fetched right now; try again.",
    {
      "Retry-After": "5",
    },
  )
}
