// Checks tokens (JWT, RFC 7519): the signature first, then what is claimed. What was verified is remembered until it
// expires, by a digest of the token, since a verification costs a hundred times a look.
import { hash } from "node:crypto"
import { errors, type JWTPayload, jwtVerify } from "jose"
import { LabaError } from "../../wire/error.ts"
import type { MaybePromise } from "../engines/engine.ts"
import type { TokenIdentity } from "./access.ts"
import { identityOf } from "./token-claims.ts"
import type { VerifyKeys } from "./verify-key.ts"

/** One who issues tokens, and what theirs must say. */
export interface Issuer {
  readonly keys: VerifyKeys
  /** What `iss` must be; undefined accepts any, and none. */
  readonly issuer: string | undefined
  /** `aud` must name one of them; undefined accepts any, and none. */
  readonly audience: readonly string[] | undefined
  /** Put before each `sub`: what a user is called is unique within an issuer alone. */
  readonly userPrefix: string
}

export interface TokenVerifierOptions {
  readonly issuers: readonly Issuer[]
  readonly leewaySeconds: number
  readonly lifetimeMaxSeconds: number
  readonly now?: () => number
}

/** Proxies and servers cut headers at 8 KB; what is longer did not come by one. */
const tokenCharsMax = 8 * 1024
const kidCharsMax = 256

/** Verified tokens remembered. About 500 bytes each; the least recently used is forgotten, and verified again. */
const rememberedMax = 50_000

/** Three parts in base64url (RFC 7515, 3.1). One class a part, so it cannot backtrack. */
const compact = /^([\w-]+)\.[\w-]+\.[\w-]+$/

export class TokenVerifier {
  private readonly options: TokenVerifierOptions
  private readonly now: () => number
  private readonly remembered = new Map<string, TokenIdentity>()
  /** Under way. Requests that were sent one after the other with one token go on in that order. */
  private readonly checking = new Map<string, Promise<TokenIdentity>>()
  /** Signatures checked, the remembered ones not counted. */
  verified = 0

  constructor(options: TokenVerifierOptions) {
    this.options = options
    this.now = options.now ?? Date.now
  }

  /** Throws `unauthorized`, `token_expired` or `keys_unavailable`. No error holds a piece of the token. */
  verify(token: string): MaybePromise<TokenIdentity> {
    if (token.length > tokenCharsMax) throw refuse(`It is longer than ${tokenCharsMax} characters.`)
    // A digest, so that this table is no store of credentials.
    const digest = hash("sha256", token, "base64url")
    const known = this.remembered.get(digest)
    if (!known) return this.checkOnce(token, digest)
    this.remembered.delete(digest)
    if (known.expiresAtMs <= this.now()) throw expired()
    this.remembered.set(digest, known)
    return known
  }

  private checkOnce(token: string, digest: string): Promise<TokenIdentity> {
    const underWay = this.checking.get(digest)
    if (underWay) return underWay
    const check = this.check(token, digest).finally(() => this.checking.delete(digest))
    this.checking.set(digest, check)
    return check
  }

  private async check(token: string, digest: string): Promise<TokenIdentity> {
    const { algorithm, kid } = headerOf(token)
    let refusal: LabaError | null = null
    for (const issuer of this.options.issuers) {
      // Keys are asked for by issuer, algorithm and kid together: a kid means something within its issuer alone.
      for (const key of await issuer.keys.candidates(algorithm, kid)) {
        const claims = await this.claimsOf(token, algorithm, await key.for(algorithm), issuer)
        if (claims === "not signed by it") continue
        if (claims instanceof LabaError) {
          refusal ??= claims
          continue
        }
        const { leewaySeconds, lifetimeMaxSeconds } = this.options
        const { userPrefix } = issuer
        const identity = identityOf(claims, {
          nowMs: this.now(),
          leewaySeconds,
          lifetimeMaxSeconds,
          userPrefix,
        })
        this.remember(digest, identity)
        return identity
      }
    }
    throw refusal ?? refuse("No configured key has signed it, with this algorithm.")
  }

  private async claimsOf(
    token: string,
    algorithm: string,
    key: CryptoKey,
    { issuer, audience }: Issuer,
  ): Promise<JWTPayload | LabaError | "not signed by it"> {
    this.verified++
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        clockTolerance: this.options.leewaySeconds,
        currentDate: new Date(this.now()),
        requiredClaims: ["exp"],
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience: [...audience] }),
      })
      return payload
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return "not signed by it"
      // Claims are looked at after the signature was found good, so these may be told.
      if (error instanceof errors.JWTExpired) return expired()
      if (error instanceof errors.JWTClaimValidationFailed)
        return refuse(`Its claim \`${error.claim}\` is missing or not what it must be here.`)
      return refuse("It is malformed.")
    }
  }

  private remember(digest: string, identity: TokenIdentity): void {
    if (this.remembered.size >= rememberedMax) {
      for (const oldest of this.remembered.keys()) {
        this.remembered.delete(oldest)
        break
      }
    }
    this.remembered.set(digest, identity)
  }
}

/** The two words of the header that choose a key. `jku`, `x5u`, `jwk` and `x5c` are not read, on purpose. */
function headerOf(token: string): { readonly algorithm: string; readonly kid: string | undefined } {
  const match = compact.exec(token)
  if (!match) throw refuse("It is not three parts in base64url, divided by dots.")
  let header: unknown
  try {
    header = JSON.parse(Buffer.from(match[1] as string, "base64url").toString("utf8"))
  } catch {
    throw refuse("Its header is not JSON.")
  }
  const { alg, kid } = (header ?? {}) as Record<string, unknown>
  if (typeof alg !== "string") throw refuse("Its header names no algorithm.")
  if (kid !== undefined && (typeof kid !== "string" || kid.length > kidCharsMax))
    throw refuse("The `kid` in its header is not a short text.")
  return { algorithm: alg, kid }
}

const refuse = (what: string): LabaError =>
  new LabaError("unauthorized", `The token is not accepted. ${what}`)

const expired = (): LabaError => new LabaError("token_expired", "The token has expired; get a new one.")
