// One listener of every kind by one credential, and how each of them ends: by which code, on whichever transport.
import { dialSockJs, type SockJsCarrier } from "../support/sockjs-socket.ts"
import { openStompSocket } from "../support/stomp.ts"
import { bearing, codeOf } from "./guarded.ts"

/** Somebody who listens. */
export interface Way {
  readonly name: string
  /** The code that the connection, the subscription or the request ended with. */
  readonly ended: Promise<string>
  /** Ends what has not ended by itself. */
  close(): void
}

interface WayOptions {
  readonly base: string
  readonly channel: string
  readonly credential: string | null
}

const events = { Accept: "text/event-stream" }

/** All of them, listening: to the channel of `sockJsServices` where the server has it. */
export function listenEveryWay(options: WayOptions): Promise<Way[]> {
  const { base, channel } = options
  const many = `channel=${encodeURIComponent(channel)}`
  return Promise.all([
    socket("a raw WebSocket", options, []),
    socket("laba.v1", options, ["laba.v1"]),
    stomp(options),
    stream("an event stream", options, base + channel),
    stream("an event stream of many", options, `${base}/_/events?${many}`),
    streamedSession(options),
    polledSession(options),
    heldPoll("a held poll", options, `${base}${channel}?wait=25`),
    heldPoll("a held poll of many", options, `${base}/_/poll?wait=25&${many}`),
    rawOverSockJs("websocket", options),
    rawOverSockJs("xhr", options),
    stomp(options, "websocket"),
    stomp(options, "xhr_streaming"),
  ])
}

/** By name, what each ended with. */
export async function endsOf(ways: readonly Way[]): Promise<Record<string, string>> {
  const ends = await Promise.all(ways.map(async ({ name, ended }) => [name, await ended] as const))
  return Object.fromEntries(ends)
}

/** The same code for every way. */
export const allBy = (ways: readonly Way[], code: string): Record<string, string> =>
  Object.fromEntries(ways.map(({ name }) => [name, code]))

/** A WebSocket with a credential in a header, as no browser can send it. */
export function socketAt(
  { base, channel, credential }: WayOptions,
  protocols: readonly string[] = [],
): WebSocket {
  const options = { headers: bearing(credential), protocols }
  return new WebSocket(base.replace("http", "ws") + channel, options as unknown as string[])
}

async function socket(name: string, options: WayOptions, protocols: string[]): Promise<Way> {
  const ws = socketAt(options, protocols)
  const ended = new Promise<string>((resolve) => {
    ws.addEventListener("close", ({ code, reason }) => resolve(reason || String(code)))
    ws.addEventListener("message", ({ data }) => {
      const code = protocols.length > 0 ? endIn(String(data)) : null
      if (code !== null) resolve(code)
    })
  })
  await new Promise((resolve) => ws.addEventListener("open", resolve))
  return { name, ended, close: () => ws.close() }
}

async function rawOverSockJs(carrier: SockJsCarrier, { base, credential }: WayOptions): Promise<Way> {
  const ws = dialSockJs(carrier)(`${base}/sockjs/raw`, { headers: bearing(credential) })
  const ended = new Promise<string>(
    (resolve) => (ws.onclose = ({ code, reason }) => resolve(reason || String(code))),
  )
  await new Promise<void>((resolve) => (ws.onopen = () => resolve()))
  return { name: `raw over SockJS ${carrier}`, ended, close: () => ws.close() }
}

async function stomp({ base, channel, credential }: WayOptions, carrier?: SockJsCarrier): Promise<Way> {
  const overSockJs = carrier && { path: "/sockjs/stomp", dial: dialSockJs(carrier) }
  const client = await openStompSocket(base, { headers: bearing(credential), ...overSockJs })
  await client.connect()
  await client.subscribe(channel)
  const ended = client.errorCode().then((code) => code ?? "no code")
  ended.catch(() => undefined)
  return { name: carrier ? `STOMP over SockJS ${carrier}` : "STOMP", ended, close: () => client.close() }
}

async function stream(name: string, { credential }: WayOptions, url: string): Promise<Way> {
  const abort = new AbortController()
  const headers = { ...events, ...bearing(credential) }
  const response = await fetch(url, { headers, signal: abort.signal })
  const ended = response.text().then((text) => /"code":"(\w+)"/.exec(text)?.[1] ?? "no code")
  ended.catch(() => undefined)
  return { name, ended, close: () => abort.abort() }
}

async function streamedSession({ base, channel, credential }: WayOptions): Promise<Way> {
  const abort = new AbortController()
  const headers = { ...events, ...bearing(credential) }
  const response = await fetch(`${base}/_/session`, { headers, signal: abort.signal })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ""
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(text)?.[1]
      if (found !== undefined) return found
      const { value, done } = await reader.read()
      if (done) return "no code"
      text += decoder.decode(value, { stream: true })
    }
  }
  await subscribe(base, await until(/"connection":"([^"]+)"/), channel)
  await until(/("op":"subscribed")/)
  const ended = until(/"op":"error"[^\n]*?"code":"(\w+)"/)
  ended.catch(() => undefined)
  return { name: "a streamed session", ended, close: () => abort.abort() }
}

async function polledSession({ base, channel, credential }: WayOptions): Promise<Way> {
  const opened = await fetch(`${base}/_/session`, { method: "POST", headers: bearing(credential) })
  const { frames } = (await opened.json()) as { frames: { connection: string }[] }
  const id = frames[0]?.connection as string
  await subscribe(base, id, channel)
  let over = false
  const poll = async (): Promise<string> => {
    for (let ack = 1; !over;) {
      const response = await fetch(`${base}/_/session/${id}?ack=${ack}&wait=25`)
      if (!response.ok) return codeOf(response)
      const page = (await response.json()) as { ack: number; frames: unknown[] }
      const code = page.frames.map((frame) => endIn(JSON.stringify(frame))).find((one) => one !== null)
      if (code !== undefined) return code as string
      ack = page.ack
    }
    return "closed"
  }
  const ended = poll()
  ended.catch(() => undefined)
  return {
    name: "a polled session",
    ended,
    close() {
      over = true
      fetch(`${base}/_/session/${id}`, { method: "DELETE" }).catch(() => undefined)
    },
  }
}

async function heldPoll(name: string, { credential }: WayOptions, url: string): Promise<Way> {
  const abort = new AbortController()
  const response = fetch(url, { headers: bearing(credential), signal: abort.signal })
  const ended = response.then(codeOf)
  ended.catch(() => undefined)
  return { name, ended, close: () => abort.abort() }
}

const subscribe = (base: string, id: string, channel: string): Promise<Response> =>
  fetch(`${base}/_/session/${id}`, {
    method: "POST",
    body: JSON.stringify({ op: "subscribe", ref: 1, channel }),
  })

/** The code of an error frame that answers no command. */
function endIn(frame: string): string | null {
  const { op, code, ref } = JSON.parse(frame) as { op: string; code: string; ref?: unknown }
  return op === "error" && ref === undefined ? code : null
}
