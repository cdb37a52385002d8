// What comes over a Redis channel between nodes is JSON of ours; anything else is passed over, since who else can write to
// that Redis must not be able to end a node by a word.

/** Null for what is not JSON of an object. */
export function readNodeMessage<Told extends object>(payload: Buffer): Told | null {
  try {
    const told: unknown = JSON.parse(payload.toString())
    return typeof told === "object" && told !== null ? (told as Told) : null
  } catch {
    return null
  }
}
