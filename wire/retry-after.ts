// `Retry-After` of an answer (RFC 9110, 10.2.3), as whoever is asked to wait reads it: seconds, or a date.

/** A day: whoever says more means "not now" and has mistyped, or wants to be forgotten. */
const secondsMax = 86_400

/**
 * Seconds to wait, whole, from 0 to a day; `undefined` when nothing is said that can be read. A date counts from the answer's own
 * `Date`, since clocks differ, and from `nowMs` only where it has none.
 */
export function retryAfterIn(
  headers: { get(name: string): string | null },
  nowMs: number = Date.now(),
): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? ""
  if (/^\d+$/.test(text)) return Math.min(Number(text), secondsMax)
  const untilMs = parseDate(text)
  if (Number.isNaN(untilMs)) return undefined
  const sentMs = parseDate(headers.get("date")?.trim() ?? "")
  const seconds = Math.ceil((untilMs - (Number.isNaN(sentMs) ? nowMs : sentMs)) / 1000)
  return Math.min(Math.max(seconds, 0), secondsMax)
}

/** An HTTP-date in any of its three forms (RFC 9110, 5.6.7), all of which mean GMT; else NaN. */
function parseDate(text: string): number {
  if (!/^[A-Z][a-z]{2,8},? /.test(text) || text.length > 40) return Number.NaN
  return Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`)
}
