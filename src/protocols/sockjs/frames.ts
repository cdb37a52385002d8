// The frames of SockJS 0.3.3: what goes to a client, and what comes from one. It carries strings; what they mean it does not know.

export const openFrame = "o"
export const heartbeatFrame = "h"

export const closeFrame = (code: number, reason: string): string => `c${JSON.stringify([code, reason])}`

/** Said to the second of two who would take what a session has. */
export const anotherOpen = closeFrame(2010, "Another connection still open")

export const messagesFrame = (messages: readonly string[]): string => `a[${messages.map(quote).join(",")}]`

/** A message on its way from a client is no JSON array of strings. */
export class BadMessages extends Error {
  /** It is JSON, and something else than an array of strings. */
  readonly isJson: boolean

  constructor(isJson: boolean) {
    super(isJson ? "Payload expected." : "Broken JSON encoding.")
    this.isJson = isJson
  }
}

/** The messages of an array of JSON; on a WebSocket one string alone, too. Throws `BadMessages`. */
export function readMessages(text: string): readonly string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadMessages(false)
  }
  if (typeof value === "string") return [value]
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value
  throw new BadMessages(true)
}

/** As the protocol has it: what browsers' transports lose or change is escaped, beside what JSON escapes. */
function quote(message: string): string {
  return JSON.stringify(message).replace(
    escapable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

// oxlint-disable-next-line no-control-regex
const escapable = /[\u0000-\u001f\ud800-\udfff\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/g
