// Tokens with which a demo's pages listen at its Laba: JWTs (RFC 7519), signed with the secret that both know.
import { createHmac } from "node:crypto"

/** What the tokens are for; Laba asks for it in `aud`, so that one made for something else is none there. */
export const listenAudience = "laba"

/** An hour: what a stolen one is good for. Pages fetch a new one before it ends. */
export const listenSeconds = 3600

interface ListenToken {
  /** The demo; Laba asks for it in `iss`. */
  readonly issuer: string
  /** By whose name Laba knows which channels are theirs. Default: nobody's. */
  readonly user?: string
  /** The one that Laba has as `tokens.secret`, at least 32 bytes. */
  readonly secret: string
  readonly nowMs: number
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const header = base64url({ alg: "HS256", typ: "JWT" })

export function signListenToken({ issuer, user, secret, nowMs }: ListenToken): string {
  const now = Math.floor(nowMs / 1000)
  const claims = { iss: issuer, aud: listenAudience, sub: user, iat: now, exp: now + listenSeconds }
  const text = `${header}.${base64url(claims)}`
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`
}
