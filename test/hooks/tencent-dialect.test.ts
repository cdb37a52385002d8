// The dialect `tencent` against functions in another process that check every field against the gateway's contract.
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { codes } from "../../wire/codes.ts"
import { makeKey } from "../../src/access/credentials/keys.ts"
import { secret, tokenFor } from "../access/guarded.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { type OwnServer, startServer } from "../support/server.ts"
import { type BackendProcess, type Seen, startBackend } from "./backend-process.ts"

setDefaultTimeout(60_000)

let functions: BackendProcess
let server: OwnServer
const key = makeKey("functions")
const stranger = makeKey("stranger")

beforeAll(async () => {
  functions = await startBackend("tencent-backend.ts")
  server = await startServer({
    logTo: () => {},
    keys: [
      { name: "functions", sha256: key.sha256, manage: ["/**"] },
      { name: "stranger", sha256: stranger.sha256, publish: ["/**"] },
    ],
    tokens: { secret, inQuery: true },
    channels: { "/**": { listen: "anyone" } },
    hooks: [
      {
        pattern: "/pgws",
        name: "service-1",
        dialect: "tencent",
        register: functions.url("/register"),
        transport: functions.url("/transport"),
        unregister: functions.url("/cleanup"),
        privateAddresses: ["127.0.0.1"],
      },
    ],
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await functions[Symbol.asyncDispose]()
})

afterEach(() => expect(functions.problems).toEqual([]))

type Sent = { readonly websocket: Record<string, unknown>; readonly requestContext: Record<string, unknown> }

const nextOf = async (kind: string): Promise<Sent> => (await functions.next(kind)).json as Sent

const push = (websocket: unknown, bearer = key.text, api = "service-1"): Promise<Response> =>
  fetch(`${server.base}/_/api/tencent/${api}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ websocket }),
  })

test("[H14] register, transport, push-back and cleanup are the gateway's", async () => {
  const client = await listenByRawSocket(`${server.base}/pgws`)
  const { requestContext, websocket } = await nextOf("register")
  expect(requestContext).toMatchObject({
    serviceName: "service-1",
    path: "/pgws",
    httpMethod: "GET",
    sourceIp: "127.0.0.1",
    stage: "release",
    websocketEnable: true,
    identity: {},
  })
  expect(websocket).not.toHaveProperty("secWebSocketProtocol")
  const { secConnectionID } = websocket
  client.socket.send("shop1;online")
  client.socket.send(new Uint8Array([0, 255]))
  expect((await nextOf("transport")).websocket).toEqual({
    action: "data send",
    secConnectionID,
    dataType: "text",
    data: "shop1;online",
  })
  expect((await nextOf("transport")).websocket).toEqual({
    action: "data send",
    secConnectionID,
    dataType: "binary",
    data: "AP8=",
  })

  const ok = { errNo: 0, errMsg: "ok" }
  const text = await push({ action: "data send", secConnectionID, dataType: "text", data: "you get a bill" })
  expect(await text.json()).toEqual(ok)
  expect(await client.next()).toMatchObject({ data: "you get a bill" })
  const binary = await push({ action: "data send", secConnectionID, dataType: "binary", data: "AAEC" })
  expect(await binary.json()).toEqual(ok)
  expect(await client.next()).toMatchObject({ data: new Uint8Array([0, 1, 2]) })
  expect(await (await push({ action: "closing", secConnectionID })).json()).toEqual(ok)
  expect(await client.next()).toMatchObject({ kind: "end", number: codes.disconnected.close })
  expect((await nextOf("cleanup")).websocket).toEqual({ action: "closing", secConnectionID })
  const late = await push({ action: "data send", secConnectionID, dataType: "text", data: "late" })
  expect(await late.json()).toMatchObject({ errNo: 410 })
})

test("[H14] the push-back address takes a key that may manage, and knows its service", async () => {
  const order = { action: "closing", secConnectionID: "x" }
  expect((await push(order, stranger.text)).status).toBe(403)
  expect((await push(order, "laba_functions_forged")).status).toBe(401)
  expect((await push(order, key.text, "service-2")).status).toBe(404)
  expect((await push({ action: "shout", secConnectionID: "x" })).status).toBe(400)
  const wrong = await push({ action: "data send", secConnectionID: "x", dataType: "binary", data: "§" })
  expect(await wrong.json()).toMatchObject({ errNo: 400 })
})

test("[H14] a connection is let in by status 200 and errNo 0, and by nothing else", async () => {
  for (const [query, status] of [
    ["?refuse", "forbidden"],
    ["?fail", "hook_failed"],
    ["?silent", "hook_failed"],
  ] as const) {
    const client = await listenByRawSocket(`${server.base}/pgws${query}`)
    expect([query, await client.next()]).toMatchObject([query, { kind: "end" }])
    const { websocket } = await nextOf("register")
    // Who may have written it down cleans up; who said no does not.
    if (status === "hook_failed")
      expect((await nextOf("cleanup")).websocket["secConnectionID"]).toBe(websocket["secConnectionID"])
  }
  const stream = await fetch(`${server.base}/pgws`, { headers: { accept: "text/event-stream" } })
  expect(stream.status).toBe(403)
  const idOf = ({ json }: Seen): unknown => (json as Sent).websocket["secConnectionID"]
  const refused = functions
    .all("register")
    .filter(({ json }) => (json as Sent).requestContext["queryString"] === "?refuse")
    .map(idOf)
  expect(refused).toHaveLength(1)
  expect(functions.all("cleanup").map(idOf)).not.toContain(refused[0])
})

test("[H14] the protocol that the function chooses is spoken, and its failure closes the connection", async () => {
  const socket = new WebSocket(`${server.base.replace("http", "ws")}/pgws`, ["chat", "binary"])
  const closed = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve))
  await new Promise((resolve) => (socket.onopen = resolve))
  expect(socket.protocol).toBe("chat")
  const { websocket } = await nextOf("register")
  expect(websocket).toMatchObject({
    secWebSocketProtocol: expect.stringMatching(/^chat, ?binary$/) as unknown,
    secWebSocketExtensions: expect.stringContaining("permessage-deflate") as unknown,
  })
  socket.send("break")
  expect((await closed).code).toBe(codes.hook_failed.close)
  await nextOf("transport")
  expect((await nextOf("cleanup")).websocket["secConnectionID"]).toBe(websocket["secConnectionID"])
})

test("[H14] who has shown a token is named as the gateway names whom it knows", async () => {
  const client = await listenByRawSocket(`${server.base}/pgws?token=${await tokenFor("ann")}`)
  expect((await nextOf("register")).requestContext["identity"]).toEqual({ secretId: "ann" })
  client.socket.close()
  await nextOf("cleanup")
})
