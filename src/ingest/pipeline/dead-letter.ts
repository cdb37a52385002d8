// A message that is set aside, as the JSON that is published to the channel of dead letters; and read again, to be replayed.
import { z } from "zod"
import { bytesOfBase64 } from "../../../wire/base64.ts"
import type { SourceMessage } from "../source.ts"
import { textOf } from "../template/message-values.ts"

/** Text as it is, other bytes as base64. */
const bytes = z.union([z.string(), z.strictObject({ base64: z.string() })])

const deadLetterSchema = z.object({
  ingest: z.string(),
  reason: z.string(),
  topic: z.string(),
  partition: z.string(),
  position: z.string().nullable(),
  time: z.number().nullable(),
  key: bytes.nullable(),
  headers: z.record(z.string(), bytes),
  fields: z.record(z.string(), z.string()).default({}),
  contentType: z.string().nullable(),
  body: bytes.nullable(),
  bodyBytes: z.number(),
  cut: z.boolean().default(false),
})

/** A dead letter, read again. */
interface DeadLetter {
  /** Which ingest has set it aside. */
  readonly ingest: string
  readonly message: SourceMessage
  readonly reason: string
  /** What of it is missing, so that it cannot be replayed; null when it is whole. */
  readonly missing: string | null
}

const encoder = new TextEncoder()

/** Of headers, keys and topics beyond this, only the beginning is kept: a dead letter fits where its message did not. */
const partCharsMax = 1024
const headersMax = 50

interface WriteOptions {
  readonly ingest: string
  readonly reason: string
  /** The longest that the text may be, in bytes. */
  readonly bytesMax: number
}

/** The JSON text of a dead letter. What does not fit is cut, and said so. */
export function writeDeadLetter(message: SourceMessage, { ingest, reason, bytesMax }: WriteOptions): string {
  const { topic, partition, position, time, key, headers, fields, contentType, body } = message
  const shown = [...headers].slice(0, headersMax)
  const whole = {
    ingest,
    reason: cutText(reason),
    topic: cutText(topic),
    partition,
    position,
    time,
    key: key && written(key, partCharsMax),
    headers: Object.fromEntries(shown.map(([name, value]) => [cutText(name), written(value, partCharsMax)])),
    fields,
    contentType: contentType === null ? null : cutText(contentType),
    bodyBytes: body?.length ?? 0,
  }
  const isCut =
    headers.size > headersMax ||
    [...headers].some(([name, value]) => name.length > partCharsMax || value.length > partCharsMax) ||
    (key?.length ?? 0) > partCharsMax
  const attempts = [
    // What is longer than a dead letter may be need not be written first to be found so.
    Math.min(body?.length ?? 0, bytesMax),
    ...[0.5, 0.25, 0.1, 0.02].map((part) => Math.floor(bytesMax * part)),
    0,
  ]
  for (const bodyBytesMax of attempts) {
    if (body && bodyBytesMax > body.length) continue
    const cut = isCut || (body !== null && bodyBytesMax < body.length)
    const text = JSON.stringify({ ...whole, cut, body: body && written(body, bodyBytesMax) })
    if (encoder.encode(text).length <= bytesMax) return text
  }
  const bare = {
    ingest,
    reason: reason.slice(0, 80),
    topic: topic.slice(0, 40),
    partition,
    position,
    time,
    key: null,
  }
  return JSON.stringify({
    ...bare,
    headers: {},
    contentType: null,
    body: null,
    bodyBytes: whole.bodyBytes,
    cut: true,
  })
}

const cutText = (text: string): string => text.toWellFormed().slice(0, partCharsMax).toWellFormed()

function written(value: Uint8Array, bytesMax: number): z.input<typeof bytes> {
  const part = value.subarray(0, bytesMax)
  const text = textOf(part)
  return text ?? { base64: Buffer.from(part.buffer, part.byteOffset, part.length).toString("base64") }
}

/** Null when the text is no dead letter. */
export function readDeadLetter(text: string): DeadLetter | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const parsed = deadLetterSchema.safeParse(value)
  if (!parsed.success) return null
  const { ingest, reason, topic, partition, position, time, key, headers, fields, contentType, body, cut } =
    parsed.data
  const read = (part: z.output<typeof bytes>): Uint8Array =>
    typeof part === "string" ? encoder.encode(part) : bytesOfBase64(part.base64)
  return {
    ...{ ingest, reason },
    missing: cut ? "Only a part of it was kept." : null,
    message: {
      ...{ topic, partition, position, time, fields, contentType },
      key: key === null ? null : read(key),
      headers: new Map(Object.entries(headers).map(([name, value]) => [name, read(value)])),
      body: body === null ? null : read(body),
    },
  }
}
