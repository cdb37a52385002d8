// A buyer's token for Laba: a JWT (RFC 7519) that says who they are, and by that which channels are theirs.
import { createHmac } from "node:crypto"

/** Whom Laba asks for in `iss` and `aud`: a token made for something else is none here. */
export const listenIssuer = "flash-sale"
export const listenAudience = "laba"

/** An hour: what a stolen one is good for. The page fetches a new one before it ends. */
export const listenSeconds = 3600

const header = Buffer.from(JSON.stringify({ alg: "HS256", typ: "JWT" })).toString("base64url")

/** `secret` is the one that Laba has as `tokens.secret`, at least 32 bytes. */
export function listenToken(secret: string, user: string, nowMs: number): string {
  const now = Math.floor(nowMs / 1000)
  const claims = { iss: listenIssuer, aud: listenAudience, sub: user, iat: now, exp: now + listenSeconds }
  const text = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`
}
