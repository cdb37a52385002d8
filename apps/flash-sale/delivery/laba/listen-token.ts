// A buyer's token for Laba: it says who they are, and by that which channels are theirs.
import { signListenToken } from "../../../kit/laba/listen-token.ts"

/** Whom Laba asks for in `iss`: a token made for something else is none here. */
export const listenIssuer = "flash-sale"

/** `secret` is the one that Laba has as `tokens.secret`, at least 32 bytes. */
export const listenToken = (secret: string, user: string, nowMs: number): string =>
  signListenToken({ issuer: listenIssuer, user, secret, nowMs })
