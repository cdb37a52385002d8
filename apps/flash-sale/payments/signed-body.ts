// Bodies that a shop and who works with it sign for each other: over the time and the body, so that neither can be changed and
// what was heard once cannot be played again later.
import { createHmac, timingSafeEqual } from "node:crypto"

/** How far the time in a signature may be from ours: clocks differ, and a body may be on its way for a while. */
const ageSecondsMax = 300

/** `t=<seconds>,v1=<hex of HMAC-SHA256 over "<seconds>.<body>">`. */
export function signatureOf(secret: string, nowMs: number, body: string): string {
  const seconds = Math.floor(nowMs / 1000)
  return `t=${seconds},v1=${macOf(secret, seconds, body)}`
}

/** Whether a body is signed with the secret, and was so a moment ago. */
export function isSigned(secret: string, nowMs: number, signature: string | null, body: string): boolean {
  const [, seconds = "", mac = ""] = /^t=(\d{1,15}),v1=([0-9a-f]{64})$/.exec(signature ?? "") ?? []
  if (mac === "" || Math.abs(nowMs / 1000 - Number(seconds)) > ageSecondsMax) return false
  return timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(secret, Number(seconds), body)))
}

const macOf = (secret: string, seconds: number, body: string): string =>
  createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")
