// How a message lies in Redis and travels through it: a line of words about it, then its payload, byte for byte.
import type { Channel } from "../../channels/channel.ts"
import type { Draft, Message } from "../engine.ts"
import {
  type MessageHeaders,
  printMessageHeaders,
  readMessageHeaders,
} from "../../../wire/message-headers.ts"

/** What a record says of a message; where it stands is said beside it. */
type Recorded = Pick<Message, "type" | "data" | "bytes" | "headers" | "id" | "time">

const newline = 10

/**
 * Prints a draft: `bytes kind id type`, perhaps its headers, a line end, the payload. The script that accepts it puts the time in front, by
 * Redis' clock. The scripts read the first words.
 */
export function printRecord({ bytes, id, type, data, headers }: Draft): string | Buffer {
  const more = headers ? ` ${Buffer.from(printMessageHeaders(headers)).toString("base64url")}` : ""
  // Text stays text: the client then writes it once, with all that goes out beside it.
  if (typeof data === "string") return `${bytes} text ${id} ${type}${more}\n${data}`
  return Buffer.concat([Buffer.from(`${bytes} bytes ${id} ${type}${more}\n`), data])
}

/** Reads a record with its time: `time bytes kind id type`, perhaps headers, a line end, the payload. Throws when it is none: somebody else has written there. */
export function readRecord(record: Buffer): Recorded {
  const end = record.indexOf(newline)
  const [time, bytes, kind, id, type, headers, ...more] = record
    .toString("latin1", 0, Math.max(end, 0))
    .split(" ")
  if (end < 0 || type === undefined || more.length > 0 || id === undefined)
    throw new Error("not a message of Laba")
  const payload = record.subarray(end + 1)
  return {
    time: Number(time),
    bytes: Number(bytes),
    ...(headers !== undefined && { headers: headersIn(headers) }),
    id,
    type,
    data: kind === "text" ? payload.toString() : new Uint8Array(payload),
  }
}

function headersIn(word: string): MessageHeaders {
  try {
    return readMessageHeaders(Buffer.from(word, "base64url").toString())
  } catch (cause) {
    throw new Error("not a message of Laba", { cause })
  }
}

/** What is announced: where a message stands, and its record; or with offset 0 that a channel was forgotten. */
export interface Announcement {
  readonly channel: Channel
  readonly epoch: string
  readonly offset: number
  /** Of all that was announced in its part of Redis, where that is counted. */
  readonly count?: number
  /** Empty when the offset is 0. */
  readonly record: Buffer
}

/** Reads `epoch offset channel`, perhaps a count, a line end, a record. Throws when it is none. */
export function readAnnouncement(payload: Buffer): Announcement {
  const end = payload.indexOf(newline)
  const [epoch, offset, channel, count] = payload.toString("latin1", 0, Math.max(end, 0)).split(" ")
  if (end < 0 || epoch === undefined || channel === undefined || !/^\d+$/.test(offset ?? ""))
    throw new Error("not an announcement of Laba")
  // Channel: only Laba writes here, and it checked the name.
  const announcement = { epoch, offset: Number(offset), channel: channel as Channel }
  const record = payload.subarray(end + 1)
  return count === undefined ? { ...announcement, record } : { ...announcement, count: Number(count), record }
}
