// Whether a call to one of our functions comes from our Laba: it signs time, attributes and body with a secret that only
// the two of us have. Written from the protocol (docs/PROTOCOL.md, H), as any backend's would be.
import { createHmac, timingSafeEqual } from "node:crypto"

/** A call that is older has been kept by somebody. Clocks differ less than that. */
const secondsMax = 300

export interface SignedCall {
  readonly headers: Headers
  readonly body: string
}

export function isSigned(
  { headers, body }: SignedCall,
  { secret, nowMs }: { readonly secret: string; readonly nowMs: number },
): boolean {
  const parts = (headers.get("laba-signature") ?? "").split(",").map((part) => part.split("="))
  const time = parts.find(([name]) => name === "t")?.[1] ?? ""
  if (!/^\d{1,12}$/.test(time) || Math.abs(nowMs / 1000 - Number(time)) > secondsMax) return false
  const attributes = [...headers]
    .filter(([name]) => name.startsWith("ce-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`)
  const right = Buffer.from(
    createHmac("sha256", secret)
      .update(`${time}\n${attributes.join("")}\n${body}`)
      .digest("hex"),
  )
  return parts.some(([name, value = ""]) => {
    const given = Buffer.from(value)
    return name === "v1" && given.length === right.length && timingSafeEqual(given, right)
  })
}

/** The text of a CloudEvents attribute, which travels percent-encoded. Null when it is not there. */
export function attributeOf(headers: Headers, name: string): string | null {
  const value = headers.get(`ce-${name}`)
  if (value === null) return null
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
