// What the frames of a client ask for, read by the rules of its version. Pure: which channel, and whether it may, others say.
import { LabaError } from "../../../wire/error.ts"
import type { ClientFrame, StompHeaders } from "./frame.ts"
import type { StompVersion } from "./version.ts"

/** `auto`: what was written counts as received. The others: the client says of each, or of all up to one, that it has it. */
type AckMode = "auto" | "client" | "client-individual"

export interface SubscribeCommand {
  /** What tells it from the connection's other subscriptions. */
  readonly key: string
  /** As the client named it; undefined in 1.0, where it may name none. */
  readonly id: string | undefined
  readonly destination: string
  readonly ack: AckMode
  /** How many messages the client wants to have unacknowledged at once; undefined leaves it to the server. */
  readonly prefetch: number | undefined
  /** A cursor to go on from, or empty. Undefined: the client knows no cursors, and no resets. */
  readonly after: string | undefined
}

/** Which messages an ACK or a NACK is about. */
export interface AckCommand {
  /** 1.2: the header `ack` of the MESSAGE. */
  readonly ack: string | undefined
  /** 1.0 and 1.1: the header `message-id` of the MESSAGE. */
  readonly messageId: string | undefined
  /** The key of the subscription; undefined in 1.0, where it may be left out. */
  readonly subscription: string | undefined
}

const ackModes: Readonly<Record<StompVersion, readonly AckMode[]>> = {
  "1.0": ["auto", "client"],
  "1.1": ["auto", "client", "client-individual"],
  "1.2": ["auto", "client", "client-individual"],
}

/** Throws `bad_frame`. */
export function readSubscribe({ headers }: ClientFrame, version: StompVersion): SubscribeCommand {
  const destination = required(headers, "destination")
  const id = version === "1.0" ? headers.get("id") : required(headers, "id")
  const ack = headers.get("ack") ?? "auto"
  const known = ackModes[version].find((mode) => mode === ack)
  if (known === undefined)
    throw new LabaError("bad_frame", `\`ack\` is ${ackModes[version].join(", ")} in STOMP ${version}.`)
  // Passed over it would give a client what it does not want, and says that it does not expect.
  if (headers.get("selector"))
    throw new LabaError(
      "bad_frame",
      "A `selector` is not evaluated: subscribe without one, to a channel that has what is wanted.",
    )
  return {
    key: keyOf(id, destination),
    id,
    destination,
    ack: known,
    prefetch: prefetchIn(headers),
    after: headers.get("after"),
  }
}

/** The key of the subscription that is to end. Throws `bad_frame`. */
export function readUnsubscribe({ headers }: ClientFrame, version: StompVersion): string {
  const id = headers.get("id")
  if (id !== undefined) return keyOf(id, "")
  if (version !== "1.0") return keyOf(required(headers, "id"), "")
  return keyOf(undefined, required(headers, "destination"))
}

/** Throws `bad_frame`. */
export function readAck({ command, headers }: ClientFrame, version: StompVersion): AckCommand {
  if (command === "NACK" && version === "1.0") throw new LabaError("bad_frame", "STOMP 1.0 knows no NACK.")
  if (version === "1.2")
    return { ack: required(headers, "id"), messageId: undefined, subscription: undefined }
  const subscription = version === "1.1" ? required(headers, "subscription") : headers.get("subscription")
  return {
    ack: undefined,
    messageId: required(headers, "message-id"),
    subscription: subscription === undefined ? undefined : keyOf(subscription, ""),
  }
}

/** The name of the transaction that a BEGIN, COMMIT or ABORT is about. Throws `bad_frame`. */
export const readTransaction = ({ headers }: ClientFrame): string => required(headers, "transaction")

/** A header that must be there, and hold something. Throws `bad_frame`. */
export function required(headers: StompHeaders, name: string): string {
  const value = headers.get(name)
  if (value !== undefined && value !== "") return value
  throw new LabaError("bad_frame", `The header \`${name}\` is missing.`)
}

/** Ids and destinations without one are kept apart, so that no id is taken for a destination. */
const keyOf = (id: string | undefined, destination: string): string =>
  id === undefined ? `destination ${destination}` : `id ${id}`

function prefetchIn(headers: StompHeaders): number | undefined {
  const said = headers.get("prefetch-count")
  if (said === undefined) return undefined
  if (/^\d{1,7}$/.test(said)) return Number(said)
  throw new LabaError("bad_frame", "`prefetch-count` is a whole number of messages.")
}

/** Headers of SEND that are about the frame or said by the server, and so are not the publisher's own. */
const notPassedOn: ReadonlySet<string> = new Set([
  "destination",
  "content-length",
  "content-type",
  "receipt",
  "transaction",
  "idempotency-key",
  "message-id",
  "subscription",
  "ack",
  "cursor",
  "reset",
])

/** Credentials, in any letter case: many clients show them at every SEND, and listeners would have them all. */
const secret: ReadonlySet<string> = new Set(["login", "passcode", "authorization"])

/** The publisher's own headers, which every MESSAGE of it has. Undefined when there are none. */
export function ownHeaders(headers: StompHeaders): readonly (readonly [string, string])[] | undefined {
  let own: [string, string][] | undefined
  for (const [name, value] of headers) {
    // Readers of 1.0 trim, and some of the later versions: blanks around it make no other name.
    const trimmed = name.trim()
    if (notPassedOn.has(trimmed) || secret.has(trimmed.toLowerCase())) continue
    ;(own ??= []).push([name, value])
  }
  return own
}
