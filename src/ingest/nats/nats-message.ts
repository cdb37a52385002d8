// A message of JetStream as a source's message, and as one more message where dead letters go.
import { headers as makeHeaders, type Msg, type MsgHdrs } from "@nats-io/transport-node"
import type { SourceMessage } from "../source.ts"

/** Where a message stands, which JetStream says in the subject that acknowledges it. */
interface Delivery {
  readonly sequence: number
  /** Counts what the consumer has handed over, again or for the first time. */
  readonly deliveryNumber: number
  readonly timeMs: number
}

export interface JetStreamMessage extends SourceMessage {
  readonly sequence: number
  /** The latest copy that came; it is the one that is acknowledged. Null for what stands for a loss. */
  delivered: Msg | null
}

const encoder = new TextEncoder()

/** Digits of the greatest sequence. */
const sequenceDigits = 20

/** Null when the message is none of JetStream's. */
export function deliveryOf({ reply = "" }: Msg): Delivery | null {
  const tokens = reply.split(".")
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return null
  // Since domains there are two more in front: `$JS.ACK.<domain>.<account>.<stream>.<consumer>.…`.
  const from = tokens.length >= 11 ? 6 : 4
  const [sequence, deliveryNumber, nanos] = tokens.slice(from + 1, from + 4).map(Number)
  if (sequence === undefined || deliveryNumber === undefined || nanos === undefined) return null
  return { sequence, deliveryNumber, timeMs: Math.floor(nanos / 1e6) }
}

export function readMessage(
  delivered: Msg,
  { sequence, timeMs }: Delivery,
  place: { readonly stream: string; readonly partition: string },
): JetStreamMessage {
  const { subject, data, headers } = delivered
  // What a key-value bucket says of a key that was deleted.
  const isTombstone = /^(?:DEL|PURGE)$/.test(headers?.get("KV-Operation") ?? "")
  return {
    partition: place.partition,
    position: positionOf(sequence),
    topic: subject,
    key: null,
    body: isTombstone ? null : data,
    contentType: valueOf(headers, "content-type"),
    headers: new Map(headers?.keys().map((name) => [name, encoder.encode(headers.get(name))])),
    fields: { stream: place.stream, subject, sequence: String(sequence) },
    time: timeMs,
    sequence,
    delivered,
  }
}

/** Stands for messages that the stream has lost, so that it is known. */
export function lostMessages(
  count: number,
  sequence: number,
  place: { readonly stream: string; readonly partition: string },
): JetStreamMessage {
  return {
    partition: place.partition,
    position: positionOf(sequence),
    topic: "",
    ...{ key: null, body: null, contentType: null, headers: new Map(), time: null },
    fields: { stream: place.stream, sequence: String(sequence) },
    broken: `The stream has lost ${count === 1 ? "a message" : `${count} messages`} here, by its limits, a purge or a deletion, before ${count === 1 ? "it was" : "they were"} read.`,
    sequence,
    delivered: null,
  }
}

const positionOf = (sequence: number): string => String(sequence).padStart(sequenceDigits, "0")

/** The sequence at a position; null when it is none. */
export const sequenceAt = (position: string): number | null =>
  /^\d{20}$/.test(position) ? Number(position) : null

/** The message as it came, with why and from where; too large a body is left out, and its size is said. */
export function deadLetterOf(
  { delivered, fields }: JetStreamMessage,
  reason: string,
  payloadMax: number,
): { readonly headers: MsgHdrs; readonly data: Uint8Array } {
  const headers = makeHeaders()
  for (const name of delivered?.headers?.keys() ?? []) {
    // What concerns only the stream that it came from.
    if (name.startsWith("Nats-")) continue
    for (const value of delivered?.headers?.values(name) ?? []) headers.append(name, value)
  }
  headers.set("Laba-Reason", reason.replaceAll(/[\r\n]+/g, " "))
  for (const [name, value] of Object.entries(fields)) headers.set(`Laba-${name}`, value)
  const data = delivered?.data ?? new Uint8Array()
  let headerBytes = 100
  for (const [name, values] of headers)
    for (const value of values) headerBytes += name.length + 3 * value.length + 4
  if (data.length + headerBytes <= payloadMax) return { headers, data }
  headers.set("Laba-Body-Bytes", String(data.length))
  return { headers, data: new Uint8Array() }
}

function valueOf(headers: MsgHdrs | undefined, name: string): string | null {
  const found = headers?.keys().find((key) => key.toLowerCase() === name)
  return found === undefined ? null : (headers?.get(found) ?? null)
}
