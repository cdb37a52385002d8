// Whether a request accepts what we could answer. The smallest negotiation that serves browsers, curl and SDKs.

/** The types that are chosen between. */
type OfferedType = "text/event-stream" | "application/json"

/**
 * Whether an `Accept` header takes a type. JSON is the default: no header, `*` and ranges take it. An event stream must
 * be named, for a client that accepts anything is not waiting for a stream. A weight of 0 takes nothing.
 *
 * Linear. Commas within quoted parameters divide too, on purpose: no type here has any, and a client can mislead only
 * itself.
 */
export function accepts(header: string | null, type: OfferedType): boolean {
  if (header === null) return type === "application/json"
  if (header === type) return true
  const exact = weightOf(header, type)
  if (exact !== null || type === "text/event-stream") return exact !== null && exact > 0
  return (weightOf(header, "application/*") ?? weightOf(header, "*/*") ?? 0) > 0
}

/** The weight that a header gives to exactly this range; null when it does not name it. */
function weightOf(header: string, range: string): number | null {
  for (const entry of header.split(",")) {
    const [name, ...parameters] = entry.split(";")
    if (name?.trim().toLowerCase() !== range) continue
    const weight = parameters.map((one) => one.trim().toLowerCase()).find((one) => one.startsWith("q="))
    // A malformed weight counts as 0 (NaN > 0 is false): what is not understood is not accepted.
    return weight === undefined ? 1 : Number(weight.slice(2) || Number.NaN)
  }
  return null
}
