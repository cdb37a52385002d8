// Checks tokens (JWT, RFC 7519): the signature first, then what is claimed. What was verified is remembered until it
// expires, by a digest of the token, since a verification costs a hundred times a look.
import { hash } from "node:crypto"
import { errors, type JWTPayload, jwtVerify } from "jose"
import { BoundedMap } from "../../bounds/bounded-map.ts"
import { LabaError } from "../../../wire/error.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { TokenIdentity, TokenProof } from "../access.ts"
import { identityOf } from "./token-claims.ts"
import type { VerificationKey, VerificationKeys } from "./verification-key.ts"

/** One who issues tokens, and what theirs must say. */
export interface Issuer {
  readonly keys: VerificationKeys
  /** What `iss` must be; undefined accepts any, and none. */
  readonly issuer: string | undefined
  /** `aud` must name one of them; undefined accepts any, and none. */
  readonly audience: readonly string[] | undefined
  /** Put before each `sub`: what a user is called is unique within an issuer alone. */
  readonly userPrefix: string
}

interface TokenVerifierOptions {
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
  private readonly remembered = new BoundedMap<string, TokenIdentity>(rememberedMax)
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
    // The key that has signed it may be gone meanwhile.
    if (known.proof && this.whyNoLongerValid(known.proof)) return this.checkOnce(token, digest)
    this.remembered.set(digest, known)
    return known
  }

  /** Why what was accepted once is accepted no longer; null while it is. */
  whyNoLongerValid(proof: TokenProof): LabaError | null {
    let isUnknown = false
    for (const issuer of this.options.issuers) {
      if (!fits(issuer, proof)) continue
      const lost = issuer.keys.whyNoLongerValid(proof.key)
      if (lost === null) return null
      isUnknown ||= lost === "keys_unavailable"
    }
    return isUnknown
      ? new LabaError("keys_unavailable", "The keys of the token's issuer could not be fetched for too long.")
      : new LabaError(
          "unauthorized",
          "The key, the issuer or the audience of this token is not accepted here any more; log in again.",
        )
  }

  private checkOnce(token: string, digest: string): Promise<TokenIdentity> {
    const underWay = this.checking.get(digest)
    if (underWay) return underWay
    const check = this.check(token, digest).finally(() => this.checking.delete(digest))
    this.checking.set(digest, check)
    return check
  }

  private async check(token: string, digest: string): Promise<TokenIdentity> {
    const shown: PresentedToken = { token, ...headerOf(token) }
    const refusals: LabaError[] = []
    const absent: Issuer[] = []
    // Issuers whose keys are at hand come first: whether another one's can be had is nothing to their users.
    for (const issuer of this.options.issuers) {
      const keys = issuer.keys.atHand(shown.algorithm, shown.kid)
      if (keys === null) {
        absent.push(issuer)
        continue
      }
      const found = await this.identifyBy(issuer, keys, shown)
      if (found instanceof LabaError) refusals.push(found)
      else if (found) return this.remember(digest, found)
      // A token that names no key may be signed by one that is not known here yet.
      else if (shown.kid === undefined) absent.push(issuer)
    }
    // Signed, issued and meant for here, but over: nobody else's keys make it good.
    const over = refusals.find(({ code }) => code === "token_expired")
    if (over) throw over
    const found = await this.identifyByAbsent(absent, shown)
    if (!(found instanceof LabaError)) return this.remember(digest, found)
    throw refusals[0] ?? found
  }

  /** Asks all issuers whose keys must be fetched at once: a slow one is waited for only while no other knows the token. */
  private async identifyByAbsent(
    issuers: readonly Issuer[],
    shown: PresentedToken,
  ): Promise<TokenIdentity | LabaError> {
    const attempts = issuers.map(async (issuer) => {
      const keys = await issuer.keys.renewed(shown.algorithm, shown.kid)
      const found = (await this.identifyBy(issuer, keys, shown)) ?? new NotSignedError()
      if (found instanceof LabaError) throw found
      return found
    })
    try {
      return await Promise.any(attempts)
    } catch (error) {
      const causes = (error as AggregateError).errors as unknown[]
      const refusals = causes.filter((cause) => cause instanceof LabaError)
      if (refusals.length < causes.length) throw causes.find((cause) => !(cause instanceof LabaError))
      // Whose keys could not be had may have signed it; that nobody has is not known before.
      const known = refusals.filter((refusal) => !(refusal instanceof NotSignedError))
      return known.find(({ code }) => code !== "keys_unavailable") ?? known[0] ?? new NotSignedError()
    }
  }

  /** Null: none of the keys has signed it. An error: one has, and what it claims is not good here. */
  private async identifyBy(
    issuer: Issuer,
    keys: readonly VerificationKey[],
    { token, algorithm }: PresentedToken,
  ): Promise<TokenIdentity | LabaError | null> {
    const { leewaySeconds, lifetimeMaxSeconds } = this.options
    const { userPrefix } = issuer
    let refusal: LabaError | null = null
    // Keys are asked for by issuer, algorithm and kid together: a kid means something within its issuer alone.
    for (const key of keys) {
      const claims = await this.claimsOf(token, algorithm, key, issuer)
      if (claims === "not signed by it") continue
      if (claims instanceof LabaError) refusal ??= claims
      else
        return identityOf(claims, {
          nowMs: this.now(),
          leewaySeconds,
          lifetimeMaxSeconds,
          userPrefix,
          key: key.digest,
        })
    }
    return refusal
  }

  private async claimsOf(
    token: string,
    algorithm: string,
    key: VerificationKey,
    { issuer, audience }: Issuer,
  ): Promise<JWTPayload | LabaError | "not signed by it"> {
    this.verified++
    try {
      const { payload } = await jwtVerify(token, await key.for(algorithm), {
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

  private remember(digest: string, identity: TokenIdentity): TokenIdentity {
    this.remembered.set(digest, identity)
    return identity
  }
}

/** Whether a token was issued by and for whom this issuer's must be. */
function fits({ issuer, audience, userPrefix }: Issuer, proof: TokenProof): boolean {
  if (userPrefix !== proof.userPrefix || (issuer !== undefined && issuer !== proof.issuer)) return false
  if (audience === undefined) return true
  return typeof proof.audience === "string"
    ? audience.includes(proof.audience)
    : proof.audience?.some((one) => audience.includes(one)) === true
}

/** A token as it was shown, and the two words of its header that choose keys. */
interface PresentedToken {
  readonly token: string
  readonly algorithm: string
  readonly kid: string | undefined
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

class NotSignedError extends LabaError {
  constructor() {
    super("unauthorized", "The token is not accepted. No configured key has signed it, with this algorithm.")
  }
}

const refuse = (what: string): LabaError =>
  new LabaError("unauthorized", `The token is not accepted. ${what}`)

const expired = (): LabaError => new LabaError("token_expired", "The token has expired; get a new one.")
