// What we give to a browser and must know again: a text with a mac. Also the tokens for Laba.
import { createHmac, timingSafeEqual } from "node:crypto"
import { signListenToken } from "../../house/listen-token.ts"

/** Laba asks for it, so that a token made for something else is none there. */
export const tokenIssuer = "takeaway"

const base64url = (text: string): string => Buffer.from(text).toString("base64url")

/** Says to Laba who somebody is; by that it knows which channels are theirs. */
export const tokenFor = (user: string, secret: string, nowMs: number): string =>
  signListenToken({ issuer: tokenIssuer, user, secret, nowMs })

/** `<until>.<text>.<mac>`; what it is for is in the mac, so that one kind of cookie is never another. */
export function seal(text: string, { use, until, secret }: SealOptions & { readonly until: number }): string {
  const sealed = `${Math.floor(until / 1000).toString(36)}.${base64url(text)}`
  return `${sealed}.${macOf(`${use}\n${sealed}`, secret)}`
}

interface SealOptions {
  readonly use: string
  readonly secret: string
}

/** The text; null when it is not ours, or too old. */
export function unseal(
  sealed: string,
  { use, secret, nowMs }: SealOptions & { readonly nowMs: number },
): string | null {
  const end = sealed.lastIndexOf(".")
  if (end < 0 || sealed.length > 400) return null
  const text = sealed.slice(0, end)
  const right = Buffer.from(macOf(`${use}\n${text}`, secret))
  const given = Buffer.from(sealed.slice(end + 1))
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null
  const [until = "", content = ""] = text.split(".")
  if (Number.parseInt(until, 36) * 1000 < nowMs) return null
  return Buffer.from(content, "base64url").toString()
}

const macOf = (text: string, secret: string): string =>
  createHmac("sha256", secret).update(text).digest("base64url")
