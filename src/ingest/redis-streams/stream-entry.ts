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

/** What an empty name or value costs in memory. */
const bytesPerText = 50

const encoder = new TextEncoder()
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** An entry, whose headers are made when somebody asks for them: there are many entries, and few who ask. */
export class EntryMessage implements SourceMessage {
  readonly id: string
  readonly partition: string
  readonly position: string
  readonly topic: string
  readonly key: Uint8Array | null = null
  readonly body: Uint8Array | null = null
  readonly contentType: string | null = null
  readonly broken: string | undefined
  /** Fields and values in turn, as Redis has them. */
  readonly flat: readonly Buffer[]
  private readonly bodyName: string | null = null

  private constructor(
    id: string,
    { stream, partition }: EntryPlace,
    flat: readonly Buffer[],
    read: { readonly settings: EntryFields } | { readonly broken: string },
  ) {
    this.id = id
    this.partition = partition
    this.position = positionOf(id)
    this.topic = stream
    this.flat = flat
    if ("broken" in read) {
      this.broken = read.broken
      return
    }
    const { settings } = read
    this.key = valueOf(flat, settings.key)
    const names = settings.body === undefined ? usualBodies : [settings.body]
    this.bodyName = settings.body ?? null
    for (const name of names) {
      this.body = valueOf(flat, name)
      if (this.body === null) continue
      this.bodyName = name
      break
    }
    this.contentType = valueOf(flat, "content-type")?.toString("utf8") ?? null
    if (this.bodyName !== null) return
    const whole = asJson(flat)
    this.broken = whole.wrong
    if (!whole.json) return
    this.body = whole.json
    this.contentType ??= "application/json"
  }

  /** Reads an entry as Redis answers it: its id, then fields and values in turn. */
  static read(reply: Reply, place: EntryPlace, settings: EntryFields): EntryMessage {
    const [id, flat] = reply as readonly [Buffer, readonly Buffer[]]
    return new EntryMessage(id.toString("latin1"), place, flat, { settings })
  }

  /** Stands for an entry that the stream has lost, so that it is known. */
  static lost(id: string, place: EntryPlace, reason: string): EntryMessage {
    return new EntryMessage(id, place, [], { broken: reason })
  }

  get headers(): ReadonlyMap<string, Uint8Array> {
    const headers = new Map<string, Uint8Array>()
    for (let at = 0; at + 1 < this.flat.length; at += 2) {
      const name = (this.flat[at] as Buffer).toString("utf8")
      if (name !== this.bodyName) headers.set(name, this.flat[at + 1] as Buffer)
    }
    return headers
  }

  get bytes(): number {
    let bytes = this.bodyName === null ? (this.body?.length ?? 0) : 0
    for (const text of this.flat) bytes += text.length + bytesPerText
    return bytes
  }

  get fields(): Readonly<Record<string, string>> {
    return { stream: this.topic, id: this.id }
  }

  get time(): number {
    return Number.parseInt(this.id, 10)
  }
}

/** The value of a field; of one that is there twice the last, as a map of them would say. */
function valueOf(flat: readonly Buffer[], name: string): Buffer | null {
  let value: Buffer | null = null
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const field = flat[at] as Buffer
    // Names are short, and of another length most of the time.
    if (field.length >= name.length && field.toString("utf8") === name) value = flat[at + 1] as Buffer
  }
  return value
}

/** Digits of the greatest number that either half of an id may be. */
const halfDigits = 20

/** An id as text that sorts as ids do. */
function positionOf(id: string): string {
  const dash = id.indexOf("-")
  return `${id.slice(0, dash).padStart(halfDigits, "0")}-${id.slice(dash + 1).padStart(halfDigits, "0")}`
}

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
function asJson(flat: readonly Buffer[]): { readonly json?: Uint8Array; readonly wrong?: string } {
  const seen = new Set<string>()
  const parts: string[] = []
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = textOf(flat[at] as Buffer)
    if (name === null) return { wrong: "A field's name is not UTF-8, and no field is the body." }
    if (seen.has(name)) return { wrong: `The field ${name} is there twice, and no field is the body.` }
    seen.add(name)
    const value = textOf(flat[at + 1] as Buffer)
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
