// Signs what is sent to a backend, over time, attributes and body, so that nobody else can call it, and nobody can call
// it again later. docs/PROTOCOL.md, H3.
import { createHmac, timingSafeEqual } from "node:crypto"
import { decodeAttribute } from "./event-attributes.ts"

export const signatureHeader = "laba-signature"

/** How old a signature may be, or how far ahead, for `verifySignature`. Five minutes: clocks differ, replays do not wait. */
export const toleranceSeconds = 300

/** As `fetch` has headers, or as Node has them: an object with names in lower case. */
export type SignedHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>

export interface Signed {
  /** Those that begin with `ce-` are signed. */
  readonly headers: SignedHeaders
  readonly body: string | Uint8Array
}

/** `t=<seconds>,v1=<hex>`, with a `v1` for each secret. */
export function sign(signed: Signed, secrets: readonly string[], nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000)
  return [`t=${seconds}`, ...secrets.map((secret) => `v1=${digest(signed, secret, seconds)}`)].join(",")
}

/** Whether a request was signed with the secret, not long ago: what a backend asks of each before it believes it. */
export function verifySignature(
  signed: Signed,
  { secret, nowMs = Date.now() }: { readonly secret: string; readonly nowMs?: number },
): boolean {
  const header = headerOf(signed.headers, signatureHeader) ?? ""
  const parts = header.split(",").map((part) => part.split("=", 2) as [string, string | undefined])
  const seconds = Number(parts.find(([name]) => name === "t")?.[1])
  if (!Number.isSafeInteger(seconds) || Math.abs(nowMs / 1000 - seconds) > toleranceSeconds) return false
  const right = Buffer.from(digest(signed, secret, seconds))
  return parts.some(([name, value = ""]) => {
    const given = Buffer.from(value)
    return name === "v1" && given.length === right.length && timingSafeEqual(given, right)
  })
}

/** A CloudEvents attribute of a request, such as `user`, as it was before it was escaped; null when it is not there. */
export function attributeOf(headers: SignedHeaders, name: string): string | null {
  const header = headerOf(headers, `ce-${name}`)
  return header === null ? null : decodeAttribute(header)
}

function headerOf(headers: SignedHeaders, name: string): string | null {
  if (headers instanceof Headers) return headers.get(name)
  const value = headers[name]
  return value === undefined ? null : String(value)
}

function digest({ headers, body }: Signed, secret: string, seconds: number): string {
  const attributes = (headers instanceof Headers ? [...headers] : Object.entries(headers))
    .filter(([name]) => name.startsWith("ce-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`)
  const hmac = createHmac("sha256", secret)
  hmac.update(`${seconds}\n${attributes.join("")}\n`)
  return hmac.update(body).digest("hex")
}
