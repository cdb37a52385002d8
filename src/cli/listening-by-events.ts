// Listens by server-sent events: for networks that let no WebSocket through.
import { type Code, codes, type Retry } from "../../wire/codes.ts"
import { type Address, channelUrl } from "./address.ts"
import { type StreamBlock, readEventStream } from "./event-stream-reader.ts"
import type { Ear, Ended, ListenOnce } from "./listening.ts"
import { refusalOf } from "./problem.ts"

/** The server speaks at least every 25 seconds, if only a comment. Twice that and a little is a dead network. */
const silenceMsMax = 60_000

export const listenByEvents: ListenOnce = async (address, after, ear) => {
  const silent = new AbortController()
  const alarm = setTimeout(() => silent.abort(), silenceMsMax)
  try {
    const query = after === null ? "" : `?after=${encodeURIComponent(after)}`
    const response = await fetch(channelUrl(address) + query, {
      headers: { accept: "text/event-stream" },
      signal: silent.signal,
    })
    if (!response.ok || !response.body) return await refused(response)
    let waitMs: number | null = null
    let opened = false
    for await (const block of readEventStream(response.body)) {
      alarm.refresh()
      waitMs = block.retryMs
      if (!opened && block.id) ear.opened(block.id)
      opened ||= block.id !== ""
      const ended = take(block, address, ear)
      if (ended) return ended
    }
    return { why: "the stream ended", retry: "at-once", ...(waitMs === null ? {} : { waitMs }) }
  } catch (error) {
    if (silent.signal.aborted) return { why: "the server fell silent", retry: "at-once" }
    return { why: `the stream broke: ${error instanceof Error ? error.message : error}`, retry: "back-off" }
  } finally {
    clearTimeout(alarm)
    silent.abort()
  }
}

/** Tells the ear of one block. Answers how the stream ends when the block says so. */
function take({ event, data, id }: StreamBlock, { channel }: Address, ear: Ear): Ended | null {
  if (data === null) return null
  if (event === "message") ear.heard({ channel, cursor: id, data, json: { channel, cursor: id, data } })
  if (event === "binary") {
    const json = { channel, cursor: id, data, base64: true }
    ear.heard({ channel, cursor: id, data: Buffer.from(data, "base64"), json })
  }
  if (event === "reset") ear.reset(id, String((JSON.parse(data) as { reason: unknown }).reason))
  if (event !== "close") return null
  const { code, retry } = JSON.parse(data) as { code: Code; retry: Retry }
  return { code, why: `${code}: ${codes[code]?.title ?? "the server ended the stream"}`, retry }
}

async function refused(response: Response): Promise<Ended> {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN)
  return {
    why: await refusalOf(response),
    retry: response.status < 500 && response.status !== 429 ? "stay-away" : "back-off",
    ...(Number.isFinite(seconds) ? { waitMs: seconds * 1000 } : {}),
  }
}
