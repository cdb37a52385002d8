// [P11] What goes to and from the application: what it is asked about, what it publishes in its answers, and what it pushes to one connection.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { Inbox } from "../support/inbox.ts"
import { bytesOf, type TestPayload, testPayloads } from "./payloads.ts"
import { expectedOn, payloadOf, deliveryMethods } from "./delivery-methods.ts"
import { hooked, membersOf, mustBe, startPayloadServer, type PayloadServer } from "./payload-server.ts"

setDefaultTimeout(60_000)

let node: PayloadServer
beforeAll(async () => {
  node = await startPayloadServer()
})
afterAll(() => node[Symbol.asyncDispose]())

/** Names the payload when it is another. */
function same(heard: Uint8Array, payload: TestPayload, expected: Uint8Array): void {
  const [left, right] = [heard, expected].map((bytes) => Buffer.from(bytes).toString("latin1"))
  if (left !== right)
    expect([payload.name, left?.slice(0, 300)]).toEqual([payload.name, right?.slice(0, 300)])
}

const overRaw = testPayloads.filter(({ kind }) => kind !== "json")

interface Socket {
  readonly socket: WebSocket
  readonly frames: Inbox<string | Uint8Array>
  readonly id: string
}

async function openSocket(path: string, subprotocol?: string): Promise<Socket> {
  const socket = new WebSocket(
    node.base.replace("http", "ws") + path,
    subprotocol === undefined ? [] : [subprotocol],
  )
  socket.binaryType = "arraybuffer"
  const frames = new Inbox<string | Uint8Array>(path)
  socket.onmessage = ({ data }) =>
    frames.push(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer))
  await new Promise((resolve) => (socket.onopen = resolve))
  const { connections } = (await (await fetch(`${node.base}/_/api/connections`)).json()) as {
    connections: { id: string }[]
  }
  return { socket, frames, id: connections.at(-1)?.id ?? "" }
}

const publishFrame = (channel: string, payload: TestPayload): string =>
  `{"op":"publish","ref":1,"channel":"${channel}",${membersOf(payload)}}`

describe("what the application is asked about is what the client sent", () => {
  test("[H4] over laba.v1, in the dialect laba and in this process", async () => {
    const { socket } = await openSocket(hooked.laba, "laba.v1")
    for (const payload of testPayloads) {
      socket.send(publishFrame(hooked.laba, payload))
      const { type, data } = await node.inProcess.next()
      same(bytesOf(data), payload, bytesOf(payload.data))
      const heard = await node.laba.next()
      same(heard.body, payload, bytesOf(payload.data))
      expect([type, heard.type]).toEqual([payload.type, payload.type])
    }
    socket.close()
  })

  test("[H4] over a raw WebSocket", async () => {
    const { socket } = await openSocket(hooked.laba)
    for (const payload of overRaw) {
      socket.send(payload.data as string)
      same(bytesOf((await node.inProcess.next()).data), payload, bytesOf(payload.data))
      same((await node.laba.next()).body, payload, bytesOf(payload.data))
    }
    socket.close()
  })

  test("[H9] by a request", async () => {
    for (const payload of testPayloads) {
      const { kind, type, data } = payload
      const headers = { "Content-Type": kind === "bytes" ? type : `${type}; charset=utf-8` }
      await fetch(node.base + hooked.publish, { method: "POST", headers, body: data as BodyInit })
      same((await node.laba.next()).body, payload, bytesOf(data))
    }
  })

  test("[H14] in the dialect tencent, whose JSON has text as a string", async () => {
    const { socket } = await openSocket(hooked.tencent)
    for (const payload of overRaw) {
      socket.send(payload.data as string)
      await node.inProcess.next()
      const { websocket } = JSON.parse(Buffer.from((await node.tencent.next()).body).toString()) as {
        websocket: { dataType: string; data: string }
      }
      const { dataType, data } = websocket
      same(dataType === "text" ? bytesOf(data) : Buffer.from(data, "base64"), payload, bytesOf(payload.data))
    }
    socket.close()
  })
})

describe("what the application says arrives as it said it", () => {
  test("[H2] messages in an answer, by every method of delivery", async () => {
    const asked = await openSocket(hooked.laba)
    const receivers = await Promise.all(
      deliveryMethods.map(async (out) => [out, await out.open(node, "/answered")] as const),
    )
    for (const payload of testPayloads) {
      node.answer = `{"publish":[{${membersOf(payload)},"channel":"/answered"}]}`
      asked.socket.send("what now?")
      for (const [out, receiver] of receivers)
        same(await receiver.next(), payload, expectedOn(out.alteration, payload))
    }
    node.answer = null
    for (const [, receiver] of receivers) await receiver.close()
    asked.socket.close()
  })

  test("what it puts in a message's place, in this process", async () => {
    const { socket, frames } = await openSocket("/instead")
    for (const payload of overRaw) {
      node.instead = { data: payload.data }
      // What it puts there is of the message's own type.
      socket.send(payload.kind === "text" ? "x" : Uint8Array.of(1))
      same(bytesOf(await frames.next()), payload, bytesOf(payload.data))
    }
    node.instead = null
    socket.close()
  })

  test("replies, in this process and by HTTP", async () => {
    for (const isRemote of [false, true]) {
      const { socket, frames } = await openSocket(hooked.laba)
      for (const payload of overRaw) {
        const { data } = payload
        const base64 = typeof data === "string" ? null : Buffer.from(data).toString("base64")
        if (isRemote) node.answer = JSON.stringify({ reply: base64 === null ? data : { base64 } })
        else node.instead = { reply: data }
        socket.send("what now?")
        same(bytesOf(await frames.next()), payload, bytesOf(data))
      }
      node.answer = null
      node.instead = null
      socket.close()
    }
  })
})

describe("what is pushed to one connection arrives as it was pushed", () => {
  const push = (id: string, { kind, type, data }: TestPayload): Promise<Response> =>
    fetch(`${node.base}/_/api/connections/${id}`, {
      method: "POST",
      headers: { "Content-Type": kind === "bytes" ? type : `${type}; charset=utf-8` },
      body: data as BodyInit,
    })

  test("[H13] over a raw WebSocket, and from this process", async () => {
    const { socket, frames, id } = await openSocket("/direct")
    for (const payload of testPayloads) {
      await mustBe(204, await push(id, payload))
      same(bytesOf(await frames.next()), payload, bytesOf(payload.data))
      node.server.laba.push(id, payload.data)
      same(bytesOf(await frames.next()), payload, bytesOf(payload.data))
    }
    socket.close()
  })

  test("[H13] over laba.v1, as a message is", async () => {
    const { socket, frames, id } = await openSocket("/direct", "laba.v1")
    for (let begun = ""; !begun.includes('"subscribed"'); begun = String(await frames.next()));
    for (const payload of testPayloads) {
      await mustBe(204, await push(id, payload))
      same(payloadOf(String(await frames.next())), payload, expectedOn("one line", payload))
    }
    socket.close()
  })

  test("[S12] as an event of a stream, its text in a string", async () => {
    const abort = new AbortController()
    const response = await fetch(`${node.base}/direct-sse`, {
      headers: { Accept: "text/event-stream" },
      signal: abort.signal,
    })
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
    await reader.read()
    const { connections } = (await (await fetch(`${node.base}/_/api/connections`)).json()) as {
      connections: { id: string; transport: string }[]
    }
    const id = connections.find(({ transport }) => transport === "sse")?.id ?? ""
    for (const payload of testPayloads) {
      await mustBe(204, await push(id, payload))
      let block = ""
      while (!block.endsWith("\n\n")) block += decoder.decode((await reader.read()).value, { stream: true })
      const line = /\ndata: ([^\n]*)\n/.exec(block.slice(block.indexOf("event: direct")))?.[1] ?? "{}"
      const { type, data, base64 } = JSON.parse(line) as { type: string; data: string; base64?: true }
      same(base64 ? Buffer.from(data, "base64") : bytesOf(data), payload, bytesOf(payload.data))
      expect(type).toBe(payload.type)
    }
    abort.abort()
  })

  test("[H14] in the words of the dialect tencent", async () => {
    const { socket, frames, id } = await openSocket("/direct")
    for (const payload of overRaw) {
      const { data, kind } = payload
      const order = {
        action: "data send",
        secConnectionID: id,
        dataType: kind === "text" ? "text" : "binary",
        data: typeof data === "string" ? data : Buffer.from(data).toString("base64"),
      }
      const body = JSON.stringify({ websocket: order })
      const headers = { "Content-Type": "application/json" }
      expect(
        await (await fetch(`${node.base}/_/api/tencent/pg`, { method: "POST", headers, body })).json(),
      ).toEqual({
        errNo: 0,
        errMsg: "ok",
      })
      same(bytesOf(await frames.next()), payload, bytesOf(data))
    }
    socket.close()
  })
})
