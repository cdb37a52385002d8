// What a server still keeps of a channel, for a reaction that has fallen behind further than it can be resumed. Knows neither
// reactions nor connections; reads as any poll does.
import { setTimeout as pause } from "node:timers/promises"
import { memberOf, partsOf } from "../../client/frames/json-text.ts"
import { keepText } from "../../client/frames/parse-frame.ts"
import { type Message, readMessage } from "../../client/channels/message.ts"
import type { TokenSource } from "../../client/connection/token-source.ts"
import { parseCursor, printCursor } from "../../wire/cursor.ts"
import type { MessageJson } from "../../wire/frames.ts"

interface KeptMessagesOptions {
  /** The server, `https://laba.example`. */
  readonly url: string
  readonly channel: string
  readonly token?: TokenSource | undefined
}

interface Page {
  readonly cursor: string
  readonly more: boolean
  readonly reset: string | null
  readonly messages: readonly Omit<MessageJson, "channel">[]
}

const answerMsMax = 10_000
const triesMax = 10
const retryMs = 500

/** All that is kept, the oldest first. None where it may not be read. Rejects when there is no answer. */
export async function* keptMessages(options: KeptMessagesOptions): AsyncGenerator<Message> {
  const { channel } = options
  let after = await oldest(options)
  while (after !== null) {
    const answer = await ask(options, "GET", `?after=${after}`)
    if (answer === null) return
    const { text } = answer
    const page = JSON.parse(text) as Page
    const sources = partsOf(memberOf(text, "messages") ?? "[]")
    for (const [index, message] of page.messages.entries())
      yield read({ ...message, channel }, sources[index])
    // What was forgotten between two looks: what is left begins anew.
    if (page.reset !== null) after = await oldest(options)
    else after = page.more ? page.cursor : null
  }
}

function read(json: MessageJson, source: string | undefined): Message {
  if (source !== undefined) keepText(json, source)
  return readMessage(json)
}

/** The cursor right before the oldest message that is kept; null where nothing is, or may be read. */
async function oldest(options: KeptMessagesOptions): Promise<string | null> {
  const { channel } = options
  const answer = await ask(options, "HEAD", "")
  const tail = parseCursor(answer?.headers.get("laba-cursor") ?? "", channel)
  const kept = Number(answer?.headers.get("laba-history-length") ?? 0)
  return tail && kept > 0 ? printCursor(channel, { ...tail, offset: tail.offset - kept }) : null
}

/** The whole answer, since one that breaks off is none. Null when it is refused. */
async function ask(
  { url, channel, token }: KeptMessagesOptions,
  method: "GET" | "HEAD",
  search: string,
): Promise<{ readonly headers: Headers; readonly text: string } | null> {
  for (let tries = 1; ; tries++) {
    try {
      const credential = (await token?.()) ?? null
      const answer = await fetch(new URL(channel + search, url), {
        method,
        ...(credential !== null && { headers: { authorization: `Bearer ${credential}` } }),
        signal: AbortSignal.timeout(answerMsMax),
        redirect: "error",
      })
      if (answer.ok) return { headers: answer.headers, text: await answer.text() }
      await answer.body?.cancel()
      if (answer.status < 500 && answer.status !== 429) return null
      throw new Error(`${channel} answered ${answer.status}`)
    } catch (error) {
      if (tries >= triesMax) throw error
      await pause(retryMs * tries)
    }
  }
}
