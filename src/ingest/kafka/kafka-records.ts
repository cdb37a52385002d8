// What a broker answers to a fetch, as messages. Passes over what is none: marks of transactions, and the records of those that were
// given up. Knows neither groups nor connections.
import type { SourceMessage } from "../source.ts"

/** A record as the library read it. */
interface KafkaRecord {
  readonly timestampDelta: bigint
  readonly offsetDelta: number
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: readonly (readonly [Buffer, Buffer])[]
}

export interface RecordsBatch {
  readonly firstOffset: bigint
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly firstTimestamp: bigint
  readonly maxTimestamp: bigint
  readonly producerId: bigint
  readonly records: readonly KafkaRecord[]
}

interface ReadPartition {
  /** What a `SourceMessage` calls its partition. */
  readonly name: string
  readonly topic: string
  readonly index: number
  /** The first record that was asked for: a batch may begin before it. */
  readonly from: bigint
}

const isLogAppendTime = 0b1000
const isTransactional = 0b1_0000
const isControl = 0b10_0000

/** The largest offset has as many digits. */
const digits = 19

const positionOf = (offset: bigint): string => String(offset).padStart(digits, "0")

/** Null where it is no position of ours. */
export const offsetOf = (position: string): bigint | null =>
  /^\d{1,19}$/.test(position) ? BigInt(position) : null

const decoder = new TextDecoder("utf-8", { fatal: true })
const empty = new Uint8Array(0)

/**
 * A length of -1 means that there is nothing. The library reads it as 0, and leaves the byte that says it where it was: before the
 * empty piece.
 */
function orNull(piece: Buffer): Uint8Array | null {
  if (piece.length > 0) return piece
  if (piece.byteOffset === 0) return null
  return new Uint8Array(piece.buffer, piece.byteOffset - 1, 1)[0] === 1 ? null : empty
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

function headersOf(record: KafkaRecord): ReadonlyMap<string, Uint8Array> {
  const headers = new Map<string, Uint8Array>()
  for (const [name, value] of record.headers) {
    const text = textOf(name)
    if (text !== null) headers.set(text, orNull(value) ?? empty)
  }
  return headers
}

/** Where reading goes on behind these batches. */
export function placeBehind(batches: readonly RecordsBatch[], from: bigint): bigint {
  let place = from
  for (const { firstOffset, lastOffsetDelta } of batches) {
    const next = firstOffset + BigInt(lastOffsetDelta) + 1n
    if (next > place) place = next
  }
  return place
}

export function messagesIn(
  { name, topic, index, from }: ReadPartition,
  batches: readonly RecordsBatch[],
  aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[],
): SourceMessage[] {
  const messages: SourceMessage[] = []
  const toCome = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const givenUp = new Set<bigint>()
  for (const batch of batches) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (toCome[0] && toCome[0].firstOffset <= last)
      givenUp.add((toCome.shift() as { producerId: bigint }).producerId)
    if (batch.attributes & isControl) {
      // The mark that ends a transaction: what its producer writes behind it is another one.
      givenUp.delete(batch.producerId)
      continue
    }
    if (batch.attributes & isTransactional && givenUp.has(batch.producerId)) continue
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta)
      if (offset < from) continue
      const headers = headersOf(record)
      const contentType = headers.get("content-type")
      messages.push({
        partition: name,
        position: positionOf(offset),
        topic,
        key: orNull(record.key),
        body: orNull(record.value),
        contentType: contentType ? textOf(contentType) : null,
        headers,
        fields: { partition: String(index), offset: String(offset) },
        time: Number(
          batch.attributes & isLogAppendTime
            ? batch.maxTimestamp
            : batch.firstTimestamp + record.timestampDelta,
        ),
      })
    }
  }
  return messages
}
