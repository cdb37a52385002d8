// [P14] What is no text is refused on every way that takes text, and is never replaced in silence. Its escape inside JSON is JSON.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { mustBe, startPayloadServer, type PayloadServer } from "./payload-server.ts"

setDefaultTimeout(60_000)

let node: PayloadServer
beforeAll(async () => {
  node = await startPayloadServer()
})
afterAll(() => node[Symbol.asyncDispose]())

/** Half of a surrogate pair, as UTF-8 would write it. */
const half = Uint8Array.of(0xed, 0xa0, 0x80)
const between = (before: string, after: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.concat([Buffer.from(before), half, Buffer.from(after)]))

async function codeOf(path: string, body: BodyInit, type: string): Promise<string> {
  const response = await fetch(node.base + path, { method: "POST", headers: { "Content-Type": type }, body })
  const said = (await response.json()) as { code?: string; results?: { error?: { code: string } }[] }
  return said.code ?? said.results?.[0]?.error?.code ?? "published"
}

const json = "application/json"

const ways: Readonly<Record<string, { readonly code: string; try(): Promise<string> }>> = {
  "a body of text": { code: "bad_utf8", try: () => codeOf("/c", between("a", "b"), "text/plain") },
  "a body of JSON": { code: "bad_utf8", try: () => codeOf("/c", between('"', '"'), json) },
  "a URL-encoded form": {
    code: "bad_utf8",
    try: () => codeOf("/c", "data=%ED%A0%80", "application/x-www-form-urlencoded"),
  },
  "a multipart form": {
    code: "bad_utf8",
    try() {
      const body = between('--X\r\nContent-Disposition: form-data; name="data"\r\n\r\n', "\r\n--X--\r\n")
      return codeOf("/c", body, "multipart/form-data; boundary=X")
    },
  },
  "many messages, by its escape in a text": {
    code: "bad_body",
    try: () =>
      codeOf(
        "/_/api/publish",
        String.raw`{"messages":[{"channel":"/c","type":"text/plain","data":"\ud800"}]}`,
        json,
      ),
  },
  "many messages, raw": {
    code: "bad_utf8",
    try: () => codeOf("/_/api/publish", between('{"messages":[{"channel":"/c","data":"', '"}]}'), json),
  },
  "a broadcast": {
    code: "bad_body",
    try: () =>
      codeOf("/_/api/broadcast", String.raw`{"channels":["/c"],"type":"text/plain","data":"\udc00x"}`, json),
  },
  "laba.v1, by its escape in a text": {
    code: "bad_frame",
    async try() {
      await using client = await connectByLaba(`${node.base}/_/ws`)
      client.socket.send(
        String.raw`{"op":"publish","ref":1,"channel":"/c","type":"text/plain","data":"\ud800"}`,
      )
      const frame = await client.frame("error")
      return frame.code
    },
  },
  "this process, as text": { code: "bad_utf8", try: () => here("\ud800") },
  "this process, as JSON in a string": { code: "bad_utf8", try: () => here('"\ud800"', json) },
}

const here = (data: string, type?: string): Promise<string> =>
  node.server.laba.publish("/c", data, type === undefined ? {} : { type }).then(
    () => "published",
    (error: { code: string }) => error.code,
  )

for (const [name, way] of Object.entries(ways))
  test(`[P14] half of a surrogate pair is refused by ${name}`, async () => {
    expect(await way.try()).toBe(way.code)
  })

test("[P14] what a hook in this process answers is a failure of its own when it is no text", async () => {
  const socket = new WebSocket(`${node.base.replace("http", "ws")}/hook-half`)
  await new Promise((resolve) => (socket.onopen = resolve))
  node.instead = { reply: "\ud800" }
  const closed = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve))
  socket.send("x")
  expect((await closed).reason).toBe("hook_failed")
  node.instead = null
})

test("[P14] nor can it be pushed from this process", async () => {
  const socket = new WebSocket(`${node.base.replace("http", "ws")}/push-half`)
  await new Promise((resolve) => (socket.onopen = resolve))
  const { connections } = (await (await fetch(`${node.base}/_/api/connections`)).json()) as {
    connections: { id: string }[]
  }
  const id = connections.at(-1)?.id ?? ""
  expect(() => node.server.laba.push(id, "\ud800")).toThrow("bad_utf8")
  socket.close()
})

test("[P14] its escape inside JSON passes as it is, from wherever JSON comes", async () => {
  const text = String.raw`"\ud800"`
  await mustBe(
    201,
    await fetch(`${node.base}/escaped`, { method: "POST", headers: { "Content-Type": json }, body: text }),
  )
  expect(await (await fetch(`${node.base}/escaped`)).text()).toBe(text)
  await node.server.laba.publish("/escaped", ["\ud800"])
  expect(await (await fetch(`${node.base}/escaped`)).text()).toBe(String.raw`["\ud800"]`)
})
