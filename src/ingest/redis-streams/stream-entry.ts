// An entry of a Redis stream as a message: which of its fields is the body, which the key; the others are headers.
import { Buffer } from "node:buffer"
import type { Reply } from "../../redis/connection.ts"
import type { SourceMessage } from "../source.ts"

/** What is called the body where the settings do not say, by rank. */
const usualBodies = ["body", "data"]

interface EntryFields {
  /** The field that is the body. Default: `body`, else `data`, else all fields as one JSON object. */
  readonly body?: string | undefined
  readonly key: string
}

interface EntryPlace {
  readonly stream: string
  readonly partition: string
}

/** A field's name and value, as Redis has them. */
type FieldPair = readonly [name: Buffer, value: Buffer]

export interface EntryMessage extends SourceMessage {
  readonly id: string
  readonly pairs: readonly FieldPair[]
}

const encoder = new TextEncoder()
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Reads an entry as Redis answers it: its id, then fields and values in turn. */
export function readEntry(reply: Reply, place: EntryPlace, settings: EntryFields): EntryMessage {
  const [id, flat] = reply as readonly [Buffer, readonly Buffer[]]
  const pairs: FieldPair[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] as Buffer, flat[i + 1] as Buffer])
  const values = new Map(pairs.map(([name, value]) => [name.toString("utf8"), value]))
  const bodyName = settings.body ?? usualBodies.find((name) => values.has(name)) ?? null
  const whole = bodyName === null ? asJson(pairs) : null
  const headers = new Map(values)
  if (bodyName !== null) headers.delete(bodyName)
  return {
    ...basics(String(id), place),
    key: values.get(settings.key) ?? null,
    body: bodyName === null ? (whole?.json ?? null) : (values.get(bodyName) ?? null),
    contentType: values.get("content-type")?.toString("utf8") ?? (whole?.json ? "application/json" : null),
    headers,
    ...(whole?.wrong !== undefined && { broken: whole.wrong }),
    pairs,
  }
}

/** Stands for an entry that the stream has lost, so that it is known. */
export function lostEntry(id: string, place: EntryPlace, reason: string): EntryMessage {
  return {
    ...basics(id, place),
    ...{ key: null, body: null, contentType: null, headers: new Map(), pairs: [], broken: reason },
  }
}

const basics = (id: string, { stream, partition }: EntryPlace) => ({
  id,
  partition,
  position: positionOf(id),
  topic: stream,
  fields: { stream, id },
  time: Number(id.split("-")[0]),
})

/** Digits of the greatest number that either half of an id may be. */
const halfDigits = 20

/** An id as text that sorts as ids do. */
const positionOf = (id: string): string =>
  id
    .split("-")
    .map((half) => half.padStart(halfDigits, "0"))
    .join("-")

/** The greatest id below this one: what comes behind it begins with this one. */
export function idBefore(id: string): string {
  const [time = 0n, sequence = 0n] = id.split("-").map(BigInt)
  if (sequence > 0n) return `${time}-${sequence - 1n}`
  return time > 0n ? `${time - 1n}-${0xffff_ffff_ffff_ffffn}` : "0-0"
}

/** The id at a position; null when it is none. */
export const idAt = (position: string): string | null =>
  /^\d{20}-\d{20}$/.test(position) ? position.split("-").map(BigInt).join("-") : null

/** All fields as one object of texts, in their order. */
function asJson(pairs: readonly FieldPair[]): { readonly json?: Uint8Array; readonly wrong?: string } {
  const seen = new Set<string>()
  const parts: string[] = []
  for (const [nameBytes, valueBytes] of pairs) {
    const name = textOf(nameBytes)
    if (name === null) return { wrong: "A field's name is not UTF-8, and no field is the body." }
    if (seen.has(name)) return { wrong: `The field ${name} is there twice, and no field is the body.` }
    seen.add(name)
    const value = textOf(valueBytes)
    if (value === null) return { wrong: `The field ${name} is not UTF-8, and no field is the body.` }
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`)
  }
  return { json: encoder.encode(`{${parts.join(",")}}`) }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}
