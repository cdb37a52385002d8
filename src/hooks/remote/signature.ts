// Signs what is sent to a backend, over time, attributes and body, so that nobody else can call it, and nobody can call
// it again later. docs/PROTOCOL.md, H3.
import { createHmac, timingSafeEqual } from "node:crypto"

export const signatureHeader = "laba-signature"

/** How old a signature may be, or how far ahead, for `verifySignature`. Five minutes: clocks differ, replays do not wait. */
export const toleranceSeconds = 300

export interface Signed {
  /** In lower case; those that begin with `ce-` are signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** `t=<seconds>,v1=<hex>`, with a `v1` for each secret. */
export function sign(signed: Signed, secrets: readonly string[], nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000)
  return [`t=${seconds}`, ...secrets.map((secret) => `v1=${digest(signed, secret, seconds)}`)].join(",")
}

/** Whether a signature was made with the secret, not long ago. What a backend does with each request. */
export function verifySignature(
  signed: Signed,
  { header, secret, nowMs }: { readonly header: string; readonly secret: string; readonly nowMs: number },
): boolean {
  const parts = header.split(",").map((part) => part.split("=", 2) as [string, string | undefined])
  const seconds = Number(parts.find(([name]) => name === "t")?.[1])
  if (!Number.isSafeInteger(seconds) || Math.abs(nowMs / 1000 - seconds) > toleranceSeconds) return false
  const right = Buffer.from(digest(signed, secret, seconds))
  return parts.some(([name, value = ""]) => {
    const given = Buffer.from(value)
    return name === "v1" && given.length === right.length && timingSafeEqual(given, right)
  })
}

function digest({ headers, body }: Signed, secret: string, seconds: number): string {
  const attributes = Object.keys(headers)
    .filter((name) => name.startsWith("ce-"))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`)
  const hmac = createHmac("sha256", secret)
  hmac.update(`${seconds}\n${attributes.join("")}\n`)
  return hmac.update(body).digest("hex")
}
