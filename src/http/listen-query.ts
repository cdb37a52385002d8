// Reads the query of a request for messages. What is in it is text: cursors and names are checked by who uses them.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import { once, queryFields } from "./query-fields.ts"

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

const names: readonly string[] = ["after", "wait", "channel", ...lastEventIdNames]

/**
 * Reads a query, with or without its `?`. Parameters that Laba does not know are ignored, since proxies and
 * cache-busters add them. Throws `query_too_long` and `bad_query`.
 */
export function parseListenQuery(search: string, limits: Limits): ListenQuery {
  if (search === "" || search === "?") return nothingAsked
  let after: string | null = null
  let lastEventId: string | null = null
  let wait: string | null = null
  const channels: string[] = []
  for (const { name, value } of queryFields(search, names, limits)) {
    if (name === "channel") channels.push(value)
    else if (name === "after") after = once(name, after, value)
    else if (name === "wait") wait = once(name, wait, value)
    else lastEventId = once(name, lastEventId, value)
  }
  return {
    after,
    lastEventId,
    wait: wait === null ? null : secondsOf(wait, limits.pollSecondsMax),
    channels,
  }
}

function secondsOf(text: string, secondsMax: number): number {
  // Not what Number() takes: it reads an empty text as 0, and `0x19`, `1e9` and `Infinity` too.
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Number(text), secondsMax)
  throw new LabaError("bad_query", "`wait` is a number of seconds, such as 25 or 0.5.")
}
