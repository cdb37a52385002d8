// The contract of access: who somebody is, and whether they may. Found once a request or connection, asked at every
// subscribe and publish. It knows credentials, users and channels; it refuses to know transports and what is published.
//
// A claim of a token counts only after its signature was verified. A credential that is expired, broken or unknown is an
// error, never an anonymous visitor. Rights are judged on canonical names alone, so no spelling of a name dodges them.
import type { Code } from "../../wire/codes.ts"
import type { LabaError } from "../../wire/error.ts"
import type { Action, Channel, Who } from "../channels/channel.ts"
import type { MaybePromise } from "../engines/engine.ts"

/** Nobody in particular: no credential was shown, or none can be shown here. */
export interface Anyone {
  readonly kind: "anyone"
}

/** Some channels: what a claim or a key's scope names by patterns. */
export interface Scope {
  /** As they were written, for texts. */
  readonly patterns: readonly string[]
  has(channel: Channel): boolean
}

/** The bearer of a token whose signature was verified, or a user whom the application's `onConnect` named. */
export interface TokenIdentity {
  readonly kind: "token"
  /** The claim `sub`. */
  readonly user: string | undefined
  /** What the claim `channels` narrows it to; null when the token has no such claim and the rules alone decide. */
  readonly scopes: { readonly listen: Scope; readonly publish: Scope } | null
  /** Milliseconds since 1970; infinite for a user that the application named. */
  readonly expiresAtMs: number
  /** The claim `iat`, 0 when there is none; when it was named, for a user that the application named. */
  readonly issuedAtMs: number
  /** By how much the clock that said so may be ahead of ours. */
  readonly clockAheadMsMax: number
  /** The claim `jti`. */
  readonly id: string | undefined
  /** What the token rests on; null for a user that the application named. */
  readonly proof: TokenProof | null
  readonly named?: NamedUser
}

/** A user whom the application named at connecting for somebody who had shown a credential that does not say so. */
interface NamedUser {
  readonly user: string
  /** Milliseconds since 1970. */
  readonly atMs: number
}

/** What a token was accepted for, so that it can be asked again whether that is accepted still. */
export interface TokenProof {
  /** `VerifyKey.digest` of the key that has signed it. */
  readonly key: string
  /** The claims `iss` and `aud`. */
  readonly issuer: string | undefined
  readonly audience: string | readonly string[] | undefined
  /** What was put before its `sub`. */
  readonly userPrefix: string
}

/** A backend that showed one of the configured keys. */
export interface KeyIdentity {
  readonly kind: "key"
  readonly name: string
  /** SHA-256 of the key in hexadecimal: two keys may have one name. */
  readonly digest: string
  readonly scopes: { readonly listen: Scope; readonly publish: Scope; readonly manage: Scope }
  readonly named?: NamedUser
}

export type Identity = Anyone | TokenIdentity | KeyIdentity

/** Everybody who shows nothing is this one object: a million connections need no million copies. */
export const anyone: Anyone = { kind: "anyone" }

/** A user whom the application named now, at connecting: as good as a token, for as long as the connection lives. */
export const userIdentity = (user: string, nowMs = Date.now()): TokenIdentity => ({
  kind: "token",
  user,
  scopes: null,
  expiresAtMs: Number.POSITIVE_INFINITY,
  issuedAtMs: nowMs,
  clockAheadMsMax: 0,
  id: undefined,
  proof: null,
})

/**
 * Somebody, once the application has named a user for them. Who showed nothing is that user. A credential keeps its own rights,
 * and is good only until that user is revoked.
 */
export function withNamedUser(identity: Identity, user: string, nowMs = Date.now()): Identity {
  if (identity.kind === "anyone") return userIdentity(user, nowMs)
  return userOf(identity) === user ? identity : { ...identity, named: { user, atMs: nowMs } }
}

/** Whose channels under `/@<user>/` somebody owns, if anybody's. */
export const userOf = (identity: Identity): string | undefined =>
  identity.kind === "token" ? identity.user : undefined

/** What of a request credentials may be in. */
export interface RequestHead {
  readonly method: string
  readonly headers: Headers
  /** The query with its `?`, or empty. */
  readonly search: string
}

/** An answer with its reason, in words that an operator understands. */
export interface Decision {
  readonly allowed: boolean
  /** Why it was refused. */
  readonly code?: Code
  readonly detail: string
  readonly who: Who
}

export interface Access {
  /** Who sent a request. Throws `unauthorized`, `token_expired`, `foreign_origin` or `keys_unavailable`. */
  identify(asked: RequestHead): MaybePromise<Identity>
  /** Who bears a token that came in a frame. Throws as `identify`. */
  verify(token: string): MaybePromise<TokenIdentity>
  /**
   * Why what somebody has shown is good no longer: its time is over, it was revoked, or what it rests on is not configured or
   * published any more. Null while it is good. Whoever keeps an identity asks here, and nobody decides it elsewhere.
   */
  whyNoLongerValid(identity: Identity): LabaError | null
  /** Throws what `whyNoLongerValid` says, else `unauthorized` or `forbidden`. */
  may(identity: Identity, action: Action, channel: Channel): void
  /** The same as words; throws nothing. */
  decide(identity: Identity, action: Action, channel: Channel): Decision
}
