// Listens by polling, held (long-poll) or not, at one channel or at many: asks, tells what came, asks again from the
// cursor it was given.
import type { MessageJson } from "../../wire/frames.ts"
import { Listener } from "./heard.ts"
import { fromJson } from "./message-json.ts"

/** The answer to a poll with `after` or `wait`. */
export interface PollAnswer {
  readonly cursor: string
  /** Why the cursor could not be resumed from; no string when it could. */
  readonly reset: string | false | null
  readonly more: boolean
  readonly messages: readonly MessageJson[]
  /** On `/_/poll` alone: the channels that were reset. */
  readonly resets?: readonly { channel: string; cursor: string; reason: string }[]
}

interface PollOptions {
  /** Where to poll: a channel's address, or `/_/poll?channel=…`. */
  readonly url: string
  readonly after?: string
  /** Seconds to be held. Absent: a plain poll, repeated after a short pause. */
  readonly waitSeconds?: number
}

/** Without `after`, the position is asked for before the listener counts as open. */
export async function listenByPoll(options: PollOptions): Promise<Listener> {
  const abort = new AbortController()
  const listener = new Listener(`poll ${options.url}`, () => abort.abort())
  try {
    const cursor = options.after ?? (await tellPosition(listener, options.url, abort.signal))
    if (cursor !== null) void keepAsking(listener, cursor, options, abort.signal)
  } catch (error) {
    listener.inbox.fail(error)
  }
  return listener
}

async function keepAsking(
  listener: Listener,
  from: string,
  options: PollOptions,
  signal: AbortSignal,
): Promise<void> {
  const wait = options.waitSeconds === undefined ? "" : `&wait=${options.waitSeconds}`
  let cursor: string | null = from
  try {
    while (cursor !== null && !signal.aborted) {
      const next: string | null = await tell(listener, `${join(options.url)}after=${cursor}${wait}`, signal)
      if (next === cursor && options.waitSeconds === undefined) await Bun.sleep(pollPauseMs)
      cursor = next
    }
  } catch (error) {
    if (!signal.aborted) listener.inbox.fail(error)
  }
}

/** Where a listener without a cursor stands: in a header of one channel's newest message, in the body for many channels. */
async function tellPosition(listener: Listener, url: string, signal: AbortSignal): Promise<string | null> {
  if (url.includes("?")) return await tell(listener, url, signal)
  const response = await fetch(url, { signal })
  const cursor = response.headers.get("laba-cursor")
  await response.arrayBuffer()
  if (cursor === null) throw new Error(`${response.status} to ${url}, without Laba-Cursor`)
  listener.inbox.push({ kind: "position", cursor })
  return cursor
}

/** Between two plain polls that found nothing. */
const pollPauseMs = 10

/** Asks once, tells what came, and answers the cursor to go on from; null when the server refused. */
async function tell(listener: Listener, url: string, signal: AbortSignal): Promise<string | null> {
  const response = await fetch(url, { signal })
  if (response.status !== 200) {
    const problem = (await response.json().catch(() => null)) as { code?: string } | null
    listener.inbox.push({ kind: "end", code: problem?.code ?? null, number: response.status })
    return null
  }
  const answer = (await response.json()) as PollAnswer
  const isMany = answer.resets !== undefined
  for (const one of answer.resets ?? []) {
    listener.inbox.push({ kind: "reset", cursor: answer.cursor, reason: one.reason, channel: one.channel })
  }
  // With many channels `reset` only repeats what `resets` tells of each.
  if (typeof answer.reset === "string" && !isMany) {
    listener.inbox.push({ kind: "reset", cursor: answer.cursor, reason: answer.reset, channel: null })
  } else if (!answer.resets?.length && answer.messages.length === 0) {
    listener.inbox.push({ kind: "position", cursor: answer.cursor })
  }
  const last = answer.messages.length - 1
  answer.messages.forEach((message, index) => {
    const heard = fromJson(message)
    // A compound cursor belongs to the whole answer, so only the last message of it can be resumed after.
    const isCompound = answer.cursor.startsWith("~")
    listener.inbox.push(isCompound ? { ...heard, cursor: index === last ? answer.cursor : null } : heard)
  })
  return answer.cursor
}

const join = (url: string): string => `${url}${url.includes("?") ? "&" : "?"}`

/** One poll, as its parsed body; fails on any status but 200. */
export async function pollOnce(url: string): Promise<PollAnswer> {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${response.status} to ${url}: ${await response.text()}`)
  return (await response.json()) as PollAnswer
}
