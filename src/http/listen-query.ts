// Reads the query of a request for messages. What is in it is text: cursors and names are checked by who uses them.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import { decodeUtf8 } from "./body/payload.ts"
import { readFields } from "./body/urlencoded.ts"

export interface ListenQuery {
  /** The text of a cursor to go on from, or null. */
  readonly after: string | null
  /** The text of `lastEventId`, or null: what some readers of event streams send in place of the header. */
  readonly lastEventId: string | null
  /** Seconds to hold an answer that would be empty, at most `pollSecondsMax`; null when it was not asked for. */
  readonly wait: number | null
  /** Every `channel=`, in order. */
  readonly channels: readonly string[]
}

const nothingAsked: ListenQuery = { after: null, lastEventId: null, wait: null, channels: [] }

/** How stand-ins for EventSource spell it: the polyfill's own name, Mercure's, and that of Mercure's drafts. */
const lastEventIdNames: readonly string[] = ["lastEventId", "lastEventID", "Last-Event-ID"]

const encoder = new TextEncoder()

/**
 * Reads a query, with or without its `?`. Parameters that Laba does not know are ignored, since proxies and
 * cache-busters add them. Throws `query_too_long` and `bad_query`.
 */
export function parseListenQuery(search: string, limits: Limits): ListenQuery {
  const text = search.startsWith("?") ? search.slice(1) : search
  if (text === "") return nothingAsked
  const bytes = text.length > limits.queryBytesMax ? null : encoder.encode(text)
  if (!bytes || bytes.length > limits.queryBytesMax) {
    throw new LabaError("query_too_long", `A query has at most ${limits.queryBytesMax} bytes.`)
  }
  const fields = readFields(bytes, ["after", "wait", "channel", ...lastEventIdNames])
  if (!fields || !text.isWellFormed()) {
    throw new LabaError("bad_query", "In a query each `%` is followed by two hexadecimal digits.")
  }
  let after: string | null = null
  let lastEventId: string | null = null
  let wait: string | null = null
  const channels: string[] = []
  for (const { name, value } of fields) {
    const given = decodeUtf8(value)
    if (given === null) throw new LabaError("bad_query", `\`${name}\` is not UTF-8.`)
    if (name === "channel") channels.push(given)
    else if (name === "after") after = once(name, after, given)
    else if (name === "wait") wait = once(name, wait, given)
    else lastEventId = once(name, lastEventId, given)
  }
  return {
    after,
    lastEventId,
    wait: wait === null ? null : secondsOf(wait, limits.pollSecondsMax),
    channels,
  }
}

function once(name: string, before: string | null, given: string): string {
  if (before !== null) throw new LabaError("bad_query", `\`${name}\` is there more than once.`)
  return given
}

function secondsOf(text: string, secondsMax: number): number {
  // Not what Number() takes: it reads an empty text as 0, and `0x19`, `1e9` and `Infinity` too.
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Number(text), secondsMax)
  throw new LabaError("bad_query", "`wait` is a number of seconds, such as 25 or 0.5.")
}
