// Every way in which a message reaches somebody, as data: how it is heard, and which of the numbered exceptions it is under.
import { bytesOf } from "./payloads.ts"
import { Inbox } from "../support/inbox.ts"
import { SseParser } from "../support/sse-parser.ts"
import type { TestPayload } from "./payloads.ts"
import { mustBe, type PayloadServer } from "./payload-server.ts"

/** What a delivery does to a payload: nothing (P11), or what the rule P12 or P13 says. */
type Alteration = "none" | "one line" | "event stream"

export interface DeliveryMethod {
  readonly name: string
  readonly alteration: Alteration
  /** Listens from now on. */
  open(node: PayloadServer, channel: string): Promise<Receiver>
}

export interface Receiver {
  next(): Promise<Uint8Array>
  close(): void | Promise<void>
}

/** What is to arrive, in bytes. */
export function expectedOn(alteration: Alteration, { kind, data }: TestPayload): Uint8Array {
  if (typeof data !== "string") return data
  if (alteration === "one line" && kind === "json") return bytesOf(data.replaceAll(/[\r\n]+/g, " "))
  return bytesOf(alteration === "event stream" ? data.replaceAll(/\r\n?/g, "\n") : data)
}

/** The payload of a message as JSON text, of which `data` is the last member, `base64` aside. */
export function payloadOf(message: string): Uint8Array {
  const start = message.indexOf(',"data":')
  const isBytes = message.endsWith(',"base64":true}')
  const text = message.slice(start + ',"data":'.length, isBytes ? -',"base64":true}'.length : -1)
  const type = /"type":"([^"]*)"/.exec(message.slice(0, start))?.[1] ?? ""
  if (isBytes) return Buffer.from(JSON.parse(text) as string, "base64")
  return bytesOf(type.endsWith("json") ? text : (JSON.parse(text) as string))
}

/** The one message of a poll's answer. */
function onlyMessage(answer: string): string {
  const start = answer.indexOf('"messages":[')
  const end = answer.endsWith("]}") ? -2 : answer.lastIndexOf("]")
  const message = answer.slice(start + '"messages":['.length, end)
  if (message === "") throw new Error(`no message in ${answer.slice(0, 200)}`)
  return message
}

async function byEvents(
  url: string,
  read: (data: string, event: string) => Uint8Array | null,
): Promise<Receiver> {
  const inbox = new Inbox<Uint8Array>(url)
  const abort = new AbortController()
  const response = await fetch(url, { headers: { Accept: "text/event-stream" }, signal: abort.signal })
  let ready = (): void => {}
  const begun = new Promise<void>((resolve) => (ready = resolve))
  const parser = new SseParser({
    onEvent({ data, event }) {
      ready()
      const heard = read(data, event)
      if (heard) inbox.push(heard)
    },
  })
  void (async () => {
    for await (const chunk of response.body as ReadableStream<Uint8Array>) parser.push(chunk)
  })().catch(() => {})
  await begun
  return { next: () => inbox.next(), close: () => abort.abort() }
}

const query = (channel: string): string => `channel=${encodeURIComponent(channel)}`

const cursorOf = async (node: PayloadServer, channel: string): Promise<string> =>
  (await fetch(node.base + channel, { method: "HEAD" })).headers.get("laba-cursor") ?? ""

/** Asks again and again from where the last answer ended. */
async function byPolls(
  node: PayloadServer,
  channel: string,
  urlOf: (cursor: string) => string,
): Promise<Receiver> {
  let cursor = await cursorOf(node, channel)
  return {
    async next() {
      const answer = await (await mustBe(200, await fetch(node.base + urlOf(cursor)))).text()
      cursor = /"cursor":"([^"]*)"/.exec(answer)?.[1] ?? ""
      return payloadOf(onlyMessage(answer))
    },
    close() {},
  }
}

export const deliveryMethods: readonly DeliveryMethod[] = [
  {
    name: "raw WebSocket",
    alteration: "none",
    async open({ base }, channel) {
      const inbox = new Inbox<Uint8Array>("raw")
      const socket = new WebSocket(base.replace("http", "ws") + channel)
      socket.binaryType = "arraybuffer"
      socket.onmessage = ({ data }) =>
        inbox.push(typeof data === "string" ? bytesOf(data) : new Uint8Array(data as ArrayBuffer))
      await new Promise((resolve) => (socket.onopen = resolve))
      return { next: () => inbox.next(), close: () => socket.close() }
    },
  },
  {
    name: "laba.v1 by WebSocket",
    alteration: "one line",
    async open({ base }, channel) {
      const inbox = new Inbox<Uint8Array>("laba.v1")
      const socket = new WebSocket(`${base.replace("http", "ws")}${channel}`, ["laba.v1"])
      const subscribed = new Promise<void>((resolve) => {
        socket.onmessage = ({ data }) => {
          if ((data as string).startsWith('{"op":"subscribed"')) resolve()
          if ((data as string).startsWith('{"op":"message"')) inbox.push(payloadOf(data as string))
        }
      })
      await subscribed
      return { next: () => inbox.next(), close: () => socket.close() }
    },
  },
  {
    name: "laba.v1 in a streamed session",
    alteration: "one line",
    async open({ base }, channel) {
      let id = ""
      let subscribed = (): void => {}
      const begun = new Promise<void>((resolve) => (subscribed = resolve))
      const receiver = await byEvents(`${base}/_/session`, (frame) => {
        id ||= /"connection":"([^"]+)"/.exec(frame)?.[1] ?? ""
        if (frame.startsWith('{"op":"subscribed"')) subscribed()
        return frame.startsWith('{"op":"message"') ? payloadOf(frame) : null
      })
      const body = JSON.stringify({ op: "subscribe", ref: 1, channel })
      await mustBe(202, await fetch(`${base}/_/session/${id}`, { method: "POST", body }))
      await begun
      return receiver
    },
  },
  {
    name: "laba.v1 in a polled session",
    alteration: "one line",
    async open({ base }, channel) {
      const opened = await (await fetch(`${base}/_/session`, { method: "POST" })).text()
      const url = `${base}/_/session/${/"connection":"([^"]+)"/.exec(opened)?.[1]}`
      const body = JSON.stringify({ op: "subscribe", ref: 1, channel })
      await mustBe(202, await fetch(url, { method: "POST", body }))
      let ack = 1
      const frame = async (): Promise<string> => {
        const answer = await (await fetch(`${url}?ack=${ack++}&wait=20`)).text()
        return answer.slice(answer.indexOf("[") + 1, -2)
      }
      if (!(await frame()).includes('"op":"subscribed"')) throw new Error("it is not subscribed")
      return {
        async next() {
          return payloadOf(await frame())
        },
        async close() {
          await fetch(url, { method: "DELETE" })
        },
      }
    },
  },
  {
    name: "an event stream",
    alteration: "event stream",
    open: ({ base }, channel) =>
      byEvents(base + channel, (data, event) => {
        if (event === "message") return bytesOf(data)
        return event === "binary" ? Buffer.from(data, "base64") : null
      }),
  },
  {
    name: "an event stream of many channels",
    alteration: "one line",
    open: ({ base }, channel) =>
      byEvents(`${base}/_/events?${query(channel)}&channel=/other`, (data, event) =>
        event === "message" ? payloadOf(data) : null,
      ),
  },
  {
    name: "the newest message",
    alteration: "none",
    async open({ base }, channel) {
      return {
        async next() {
          return new Uint8Array(await (await mustBe(200, await fetch(base + channel))).arrayBuffer())
        },
        close() {},
      }
    },
  },
  {
    name: "a poll",
    alteration: "one line",
    open: (node, channel) => byPolls(node, channel, (cursor) => `${channel}?after=${cursor}`),
  },
  {
    name: "a long-poll",
    alteration: "one line",
    open: (node, channel) => byPolls(node, channel, (cursor) => `${channel}?after=${cursor}&wait=20`),
  },
  {
    name: "a poll of many channels",
    alteration: "one line",
    async open({ base }, channel) {
      const url = `${base}/_/poll?${query(channel)}&channel=/other`
      const held = await (await fetch(`${url}&wait=0`)).text()
      let cursor = /"cursor":"([^"]*)"/.exec(held)?.[1] ?? ""
      return {
        async next() {
          const answer = await (await mustBe(200, await fetch(`${url}&after=${cursor}&wait=20`))).text()
          cursor = /"cursor":"([^"]*)"/.exec(answer)?.[1] ?? ""
          return payloadOf(onlyMessage(answer))
        },
        close() {},
      }
    },
  },
  {
    name: "the history for backends",
    alteration: "one line",
    open: (node, channel) =>
      byPolls(node, channel, (cursor) => `/_/api/channels/history?${query(channel)}&after=${cursor}`),
  },
]
