// Cookies that tell who somebody is: a text with a time to end and a mac, so that a browser keeps it and cannot make one.
import { createHmac, timingSafeEqual } from "node:crypto"
import type { AppRequest } from "./app-request.ts"

export interface CookieKey {
  readonly secret: string
  readonly nowMs: number
}

interface CookieOptions {
  readonly seconds: number
  /** `Lax` is sent with a link from another site too. */
  readonly site: "Lax" | "Strict"
}

export class SignedCookie {
  private readonly name: string
  private readonly options: CookieOptions

  constructor(name: string, options: CookieOptions) {
    this.name = name
    this.options = options
  }

  /** What was said in it. Null when there is none of ours, and for pages of other origins: no call of theirs is its visitor's. */
  read({ request, isFromOtherPage }: AppRequest, { secret, nowMs }: CookieKey): string | null {
    const given = isFromOtherPage ? null : cookieIn(request.headers, this.name)
    return given && readSignedText(given, { use: this.name, secret, nowMs })
  }

  /** For `Set-Cookie`. */
  setting(text: string, { isSecure }: AppRequest, { secret, nowMs }: CookieKey): string {
    const { seconds, site } = this.options
    const value = signText(text, { use: this.name, until: nowMs + seconds * 1000, secret })
    return cookieHeader(this.name, value, { seconds, site, isSecure })
  }

  /** For `Set-Cookie`: the browser forgets it. */
  clearing({ isSecure }: AppRequest): string {
    return cookieHeader(this.name, "", { ...this.options, seconds: 0, isSecure })
  }
}

/** The value of a cookie; null when it is not there. */
export function cookieIn(headers: Headers, name: string): string | null {
  for (const one of (headers.get("cookie") ?? "").split(";")) {
    const at = one.indexOf("=")
    if (one.slice(0, at).trim() === name) return one.slice(at + 1).trim()
  }
  return null
}

export const cookieHeader = (
  name: string,
  value: string,
  { seconds, site, isSecure }: CookieOptions & { readonly isSecure: boolean },
): string =>
  `${name}=${value}; Path=/; HttpOnly; SameSite=${site}; Max-Age=${seconds}${isSecure ? "; Secure" : ""}`

interface SignedTextOptions {
  /** What it is for; it is in the mac, so that one kind is never another. */
  readonly use: string
  readonly secret: string
}

/** `<until>.<text>.<mac>` */
export function signText(
  text: string,
  { use, until, secret }: SignedTextOptions & { readonly until: number },
): string {
  const signed = `${Math.floor(until / 1000).toString(36)}.${Buffer.from(text).toString("base64url")}`
  return `${signed}.${macOf(`${use}\n${signed}`, secret)}`
}

/** The text; null when it is not ours, or too old. */
export function readSignedText(
  signed: string,
  { use, secret, nowMs }: SignedTextOptions & { readonly nowMs: number },
): string | null {
  const end = signed.lastIndexOf(".")
  if (end < 0 || signed.length > 400) return null
  const text = signed.slice(0, end)
  const right = Buffer.from(macOf(`${use}\n${text}`, secret))
  const given = Buffer.from(signed.slice(end + 1))
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null
  const [until = "", content = ""] = text.split(".")
  if (Number.parseInt(until, 36) * 1000 < nowMs) return null
  return Buffer.from(content, "base64url").toString()
}

const macOf = (text: string, secret: string): string =>
  createHmac("sha256", secret).update(text).digest("base64url")
