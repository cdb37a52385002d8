// Every way in which a payload can be published, as data. What differs is which payloads it can carry.
import { connectByLaba } from "../support/laba-socket.ts"
import type { TestPayload } from "./payloads.ts"
import { membersOf, mustBe, type PayloadServer } from "./payload-server.ts"

interface PublishMethod {
  readonly name: string
  /** Left out: it carries every payload. */
  carries?(payload: TestPayload): boolean
  /** Publishes to the channel, and is done when that is answered. */
  send(node: PayloadServer, channel: string, payload: TestPayload): Promise<void>
}

const post = (node: PayloadServer, path: string, body: BodyInit, type: string | null): Promise<Response> =>
  fetch(`${node.base}${path}`, {
    method: "POST",
    body,
    ...(type !== null && { headers: { "Content-Type": type } }),
  })

const charsetOf = ({ kind, type }: TestPayload): string =>
  kind === "bytes" ? type : `${type}; charset=utf-8`

const publishFrame = (channel: string, payload: TestPayload): string =>
  `{"op":"publish","ref":1,"channel":${JSON.stringify(channel)},${membersOf(payload)}}`

/** A name whose last part is another's topic: the channel is a user's own. */
const topicOf = (channel: string): { user: string; topic: string } => {
  const [, user = "", topic = ""] = /^\/@([^/]+)\/(.+)$/.exec(channel) ?? []
  return { user, topic }
}

async function bySession(node: PayloadServer, frame: string, accept: "stream" | "poll"): Promise<void> {
  const url = `${node.base}/_/session`
  if (accept === "poll") {
    const opened = await (await fetch(url, { method: "POST" })).text()
    const id = /"connection":"([^"]+)"/.exec(opened)?.[1]
    await mustBe(202, await fetch(`${url}/${id}`, { method: "POST", body: `[${frame}]` }))
    const said = await (await fetch(`${url}/${id}?ack=1&wait=20`)).text()
    await fetch(`${url}/${id}`, { method: "DELETE" })
    if (!said.includes('"op":"published"')) throw new Error(said.slice(0, 300))
    return
  }
  const stream = await fetch(url, { headers: { Accept: "text/event-stream" } })
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
  let heard = ""
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(heard)
      if (found) return found[1] ?? ""
      const { value, done } = await reader.read()
      if (done || heard.includes('"op":"error"')) throw new Error(`the session said ${heard.slice(0, 300)}`)
      heard += new TextDecoder().decode(value)
    }
  }
  const id = await until(/"connection":"([^"]+)"/)
  await mustBe(202, await fetch(`${url}/${id}`, { method: "POST", body: frame }))
  await until(/"op":"(published)"/)
  await reader.cancel()
}

export const publishMethods: readonly PublishMethod[] = [
  {
    name: "POST /c",
    async send(node, channel, payload) {
      await mustBe(201, await post(node, channel, payload.data as BodyInit, charsetOf(payload)))
    },
  },
  {
    name: "POST /c in chunks",
    async send(node, channel, payload) {
      const bytes = typeof payload.data === "string" ? new TextEncoder().encode(payload.data) : payload.data
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 1000) controller.enqueue(bytes.slice(at, at + 1000))
          controller.close()
        },
      })
      await mustBe(201, await post(node, channel, body, charsetOf(payload)))
    },
  },
  {
    name: "a URL-encoded form",
    carries: ({ kind }) => kind === "text",
    async send(node, channel, { data }) {
      const body = [...new TextEncoder().encode(data as string)].map(
        (byte) => `%${byte.toString(16).padStart(2, "0")}`,
      )
      await mustBe(
        201,
        await post(node, channel, `data=${body.join("")}`, "application/x-www-form-urlencoded"),
      )
    },
  },
  {
    name: "a multipart form",
    async send(node, channel, { data, type }) {
      const head = `--X\r\nContent-Disposition: form-data; name="data"\r\nContent-Type: ${type}\r\n\r\n`
      const body = Buffer.concat([
        Buffer.from(head),
        Buffer.from(data as string),
        Buffer.from("\r\n--X--\r\n"),
      ])
      await mustBe(201, await post(node, channel, body, "multipart/form-data; boundary=X"))
    },
  },
  {
    name: "a raw WebSocket",
    carries: ({ kind }) => kind !== "json",
    async send({ base, inProcess }, channel, { data }) {
      const socket = new WebSocket(base.replace("http", "ws") + channel)
      await new Promise((resolve) => (socket.onopen = resolve))
      const heard = new Promise((resolve) => (socket.onmessage = resolve))
      socket.send(data as string)
      await heard
      await inProcess.next()
      socket.close()
    },
  },
  {
    name: "laba.v1 by WebSocket",
    async send(node, channel, payload) {
      await using client = await connectByLaba(`${node.base}/_/ws`)
      client.socket.send(publishFrame(channel, payload))
      await client.frame("hello")
      const answer = await client.frames.next()
      if (answer.op !== "published") throw new Error(JSON.stringify(answer))
    },
  },
  {
    name: "laba.v1 in a streamed session",
    send: (node, channel, payload) => bySession(node, publishFrame(channel, payload), "stream"),
  },
  {
    name: "laba.v1 in a polled session",
    send: (node, channel, payload) => bySession(node, publishFrame(channel, payload), "poll"),
  },
  {
    name: "many messages at once",
    async send(node, channel, payload) {
      const body = `{"messages":[{"channel":${JSON.stringify(channel)},${membersOf(payload)}}]}`
      const said = await mustBe(200, await post(node, "/_/api/publish", body, "application/json"))
      if ((await said.text()).includes('"error"')) throw new Error("refused")
    },
  },
  {
    name: "a broadcast",
    async send(node, channel, payload) {
      const body = `{${membersOf(payload)},"channels":[${JSON.stringify(channel)}]}`
      await mustBe(200, await post(node, "/_/api/broadcast", body, "application/json"))
    },
  },
  {
    name: "a push to a user",
    async send(node, channel, payload) {
      const { user, topic } = topicOf(channel)
      const body = `{"topic":"${topic}",${membersOf(payload)}}`
      await mustBe(201, await post(node, `/_/api/users/${user}/messages`, body, "application/json"))
    },
  },
  {
    name: "this process",
    async send({ server }, channel, { data, type }) {
      await server.laba.publish(channel, data, { type })
    },
  },
]
