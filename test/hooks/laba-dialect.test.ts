// The dialect `laba` against a backend in another process that checks every field it is sent.
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { codes } from "../../wire/codes.ts"
import { connectByLaba, listenByLaba } from "../support/laba-socket.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { type BackendProcess, local, secret, startBackend } from "./backend-process.ts"

setDefaultTimeout(60_000)

let backend: BackendProcess
let server: OwnServer

beforeAll(async () => {
  backend = await startBackend("laba-backend.ts", { secret })
  const url = backend.url()
  const three = { register: url, transport: url, unregister: url, ...local }
  server = await startServer({
    logTo: () => {},
    channels: {
      "/ruled/**": { publish: "nobody" },
      "/desk/**": { presence: true },
      "/asked/**": { presence: true },
    },
    hooks: [
      { pattern: "/desk/**", ...three },
      { pattern: "/ruled/**", ...three },
      { pattern: "/asked/**", subscribe: url, publish: url, ...local },
      { pattern: "/watched/**", occupied: url, vacated: url, ...local },
      { pattern: "/unwilling/**", register: backend.url("/unwilling"), ...local },
      { pattern: "/redirected/**", register: backend.url("/redirect"), handshake: false, ...local },
      { pattern: "/private/**", register: url },
    ],
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await backend[Symbol.asyncDispose]()
})

afterEach(() => expect(backend.problems).toEqual([]))

const desk = (words: string): string => freshChannel(`desk/${words}`)

test("[H1, H2, H4] a connection is registered, what it sends is handed over in order, and its end is told", async () => {
  const channel = desk("announced")
  const floor = await listenByRawSocket(`${server.base}/floor`)
  const client = await listenByRawSocket(`${server.base}${channel}?table=7`)
  const registered = await backend.next("register")
  expect(registered).toMatchObject({ channel, user: null, state: null, transport: "websocket" })
  const { headers, ...body } = JSON.parse(registered.body) as Record<string, unknown>
  expect(body).toEqual({
    connection: registered.connection,
    transport: "websocket",
    protocol: "raw",
    channel,
    channels: [],
    user: null,
    subprotocols: [],
    query: "?table=7",
    address: "127.0.0.1",
  })
  expect(headers).toMatchObject({ upgrade: expect.stringMatching(/websocket/i) as unknown })
  expect(await client.next()).toMatchObject({ data: "welcome" })
  expect(await floor.next()).toMatchObject({ data: '{"came":"ann"}' })

  for (const text of ["one", "two", "three"]) client.socket.send(text)
  const states = ['table 7: 桌 "x" 100%', "after one", "after two"]
  for (const [index, text] of ["one", "two", "three"].entries()) {
    expect(await backend.next("transport")).toMatchObject({
      id: `${registered.connection}/transport/${index + 1}`,
      user: "ann",
      state: states[index],
      body: text,
      type: expect.stringMatching(/^text\/plain/) as unknown,
    })
    expect(await client.next()).toMatchObject({ data: `{"said":"${text}"}` })
    expect(await client.next()).toMatchObject({ data: `got ${text}` })
    expect(await floor.next()).toMatchObject({ data: text })
  }
  await server.laba.publish("/news", "attached")
  expect(await client.next()).toMatchObject({ data: "attached" })

  client.socket.close(4321, "done")
  const gone = await backend.next("unregister")
  expect(gone).toMatchObject({ id: `${registered.connection}/unregister`, user: "ann", state: "after three" })
  expect(JSON.parse(gone.body)).toEqual({ code: 4321, reason: "done" })
  floor.socket.close()
})

test("[S10] a stream with a channel that the backend attached goes on from its own id", async () => {
  const channel = desk("streamed")
  const news = "/news"
  let id: string
  {
    await using stream = await listenBySse(`${server.base}${channel}`)
    await stream.position()
    await server.laba.publish(news, "heard")
    id = (await stream.message()).cursor as string
  }
  await server.laba.publish(news, "missed")
  await server.laba.publish(channel, "missed too")
  const back = await listenBySse(`${server.base}${channel}`, { lastEventId: id })
  const missed = [await back.message(), await back.message()]
  expect(missed.map(({ channel: name, data }) => [name, data])).toEqual(
    expect.arrayContaining([
      [news, "missed"],
      [channel, "missed too"],
    ]),
  )
  await back[Symbol.asyncDispose]()
  for (const kind of ["register", "unregister", "register", "unregister"]) await backend.next(kind)
})

test("[H4] a message is published only when the backend says so, whatever the rules say", async () => {
  const channel = freshChannel("ruled")
  const client = await listenByLaba(server.base, channel).then(async (stranger) => {
    expect(await stranger.frame("error")).toMatchObject({ code: "forbidden" })
    stranger.socket.close()
    return connectByLaba(`${server.base}${channel}`)
  })
  await client.frame("subscribed")
  client.send({ op: "publish", ref: 1, channel, data: "nothing", type: "text/plain" })
  expect(await client.frame("accepted")).toMatchObject({ ref: 1 })
  client.send({ op: "publish", ref: 2, channel, data: "through", type: "text/plain" })
  expect(await client.frame("message")).toMatchObject({ data: "through" })
  expect(await client.frame("published")).toMatchObject({ ref: 2 })
  client.send({ op: "publish", ref: 3, channel, data: "refuse", type: "text/plain" })
  expect(await client.frame("error")).toMatchObject({ ref: 3, code: "forbidden", detail: "Not that." })
  client.send({ op: "publish", ref: 4, channel, data: "bytes", type: "text/plain" })
  expect(await client.frame("direct")).toMatchObject({ base64: true, data: "AAEC" })
  client.socket.close()
  await backend.next("unregister")
})

test("[H5] a subprotocol that the client offers and the backend chooses is spoken", async () => {
  const socket = new WebSocket(`${server.base.replace("http", "ws")}${desk("chat")}`, ["binary", "chat"])
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onclose = reject
  })
  expect(socket.protocol).toBe("chat")
  expect(JSON.parse((await backend.next("register")).body)).toMatchObject({
    subprotocols: ["binary", "chat"],
  })
  socket.close()
  await backend.next("unregister")
  const refused = await listenByRawSocket(`${server.base}${desk("quiet")}`, ["binary"])
  expect(await refused.next()).toMatchObject({ kind: "end" })
  expect(JSON.parse((await backend.next("unregister")).body)).toEqual({ code: 1006, reason: "not_opened" })
})

const refusals = [
  { words: "refused", status: 403, code: "forbidden", detail: "Not you." },
  { words: "stranger", status: 401, code: "unauthorized", detail: "Log in first." },
  { words: "busy", status: 429, code: "too_many_requests", detail: "Later." },
  { words: "broken", status: 502, code: "hook_failed" },
  { words: "typo", status: 502, code: "hook_failed" },
  { words: "failing", status: 502, code: "hook_failed" },
] as const

for (const { words, status, code, ...more } of refusals) {
  test(`[H6] a backend that is ${words} answers the client ${status} ${code}`, async () => {
    const response = await fetch(`${server.base}${desk(words)}`, { headers: { accept: "text/event-stream" } })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code, ...more })
    if (words === "busy") expect(response.headers.get("retry-after")).toBe("7")
    // Who may have written the connection down hears of its end; who said no does not.
    const { connection } = await backend.next("register")
    if (code === "hook_failed") expect((await backend.next("unregister")).connection).toBe(connection)
    else expect(backend.all("unregister").map((one) => one.connection)).not.toContain(connection)
  })
}

test("[H7] streams and sessions are registered and told the end of, plain polls are only registered", async () => {
  const channel = desk("quiet")
  await fetch(`${server.base}${channel}`)
  const poll = await backend.next("register")
  expect(poll.transport).toBe("poll")
  const abort = new AbortController()
  await fetch(`${server.base}${channel}`, { headers: { accept: "text/event-stream" }, signal: abort.signal })
  const stream = await backend.next("register")
  expect(stream.transport).toBe("sse")
  abort.abort()
  expect((await backend.next("unregister")).connection).toBe(stream.connection)
  expect(backend.all("unregister").map((one) => one.connection)).not.toContain(poll.connection)
})

test("[H7] who names no channel is registered with the hook of every channel", async () => {
  const url = backend.url()
  await using all = await startServer({
    logTo: () => {},
    hooks: [{ pattern: "/**", register: url, unregister: url, ...local }],
  })
  const opened = await fetch(`${all.base}/_/session`, { method: "POST" })
  expect(opened.status).toBe(201)
  const session = await backend.next("register")
  expect(session).toMatchObject({ transport: "poll", channel: "" })
  const frames = await opened.text()
  expect(frames).toContain(session.connection as string)
  // It was let in with a channel, a reply and a name, as any connection is.
  for (const part of ['"welcome"', '"/news"']) expect(frames).toContain(part)
  expect((await fetch(`${all.base}/_/session/${session.connection}`, { method: "DELETE" })).status).toBe(204)
  const gone = await backend.next("unregister")
  expect(gone).toMatchObject({ connection: session.connection, user: "ann" })

  const client = await connectByLaba(`${all.base}/_/ws`)
  const socket = await backend.next("register")
  client.send({ op: "subscribe", ref: 1, channel: "/anything" })
  for (let channel = ""; channel !== "/anything";) channel = (await client.frame("subscribed")).channel
  client.socket.close()
  expect((await backend.next("unregister")).connection).toBe(socket.connection)
})

test("[H8] a channel of a hook is not listened to past it", async () => {
  const channel = desk("quiet")
  const client = await listenByLaba(server.base, channel)
  expect(await client.frame("error")).toMatchObject({ code: "forbidden" })
  client.send({ op: "publish", ref: 9, channel, data: 1 })
  expect(await client.frame("error")).toMatchObject({ ref: 9, code: "forbidden" })
  client.socket.close()
  const many = await fetch(`${server.base}/_/poll?channel=/elsewhere&channel=${channel}`)
  expect(many.status).toBe(403)
})

test("[H8] who is refused by a hook learns neither where its channel stands nor who is there", async () => {
  const refused = desk("refused")
  const head = await fetch(`${server.base}${refused}`, { method: "HEAD" })
  expect([head.status, head.headers.get("laba-cursor"), head.headers.get("laba-listeners")]).toEqual([
    403,
    null,
    null,
  ])
  expect((await backend.next("register")).channel).toBe(refused)
  const quiet = desk("quiet")
  expect((await fetch(`${server.base}${quiet}`, { method: "HEAD" })).status).toBe(200)
  await backend.next("register")

  const client = await connectByLaba(`${server.base}/_/ws`)
  for (const watch of [undefined, true]) {
    client.send({ op: "presence", ref: String(watch), channel: refused, ...(watch && { watch }) })
    expect(await client.frame("error")).toMatchObject({ ref: String(watch), code: "forbidden" })
  }
  const closed = freshChannel("asked/closed")
  client.send({ op: "presence", ref: 3, channel: closed })
  expect(await client.frame("error")).toMatchObject({ ref: 3, detail: "This one is closed." })
  client.socket.close()

  // Over a connection that the hook let in it is answered.
  const inside = await connectByLaba(`${server.base}${quiet}`)
  await inside.frame("subscribed")
  await backend.next("register")
  inside.send({ op: "presence", ref: 4, channel: quiet, watch: true })
  expect(await inside.frame("presence")).toMatchObject({ ref: 4, channel: quiet, guests: 1 })
  inside.socket.close()
})

test("[H9] who wants to listen or publish is asked about, message by message", async () => {
  const open = freshChannel("asked/open")
  const client = await listenByLaba(server.base, open)
  expect(await client.frame("subscribed")).toMatchObject({ channel: open })
  expect((await backend.next("subscribe")).channel).toBe(open)
  const closed = freshChannel("asked/closed")
  client.send({ op: "subscribe", ref: 2, channel: closed })
  expect(await client.frame("error")).toMatchObject({ ref: 2, detail: "This one is closed." })
  const post = (data: string) =>
    fetch(`${server.base}${open}`, { method: "POST", body: data, headers: { "content-type": "text/plain" } })
  expect((await post("passes")).status).toBe(201)
  expect(await client.frame("message")).toMatchObject({ data: "passes" })
  expect((await post("swallow")).status).toBe(202)
  expect((await post("refuse")).status).toBe(403)
  expect((await post("change")).status).toBe(202)
  expect(await client.frame("message")).toMatchObject({ data: "changed" })
  client.send({ op: "publish", ref: 3, channel: open, data: "by socket", type: "text/plain" })
  expect(await client.frame("message")).toMatchObject({ data: "by socket" })
  client.socket.close()
})

test("[H10] a channel's first listener is told, and its last after a moment without any", async () => {
  const channel = freshChannel("watched")
  const first = await listenByRawSocket(`${server.base}${channel}`)
  expect((await backend.next("occupied")).channel).toBe(channel)
  first.socket.close()
  const second = await listenByRawSocket(`${server.base}${channel}`)
  second.socket.close()
  expect((await backend.next("vacated")).channel).toBe(channel)
  expect(backend.all("occupied").filter((one) => one.channel === channel)).toHaveLength(1)
})

test("[H11] a backend that does not agree to be called is not called", async () => {
  const before = backend.all("register").length
  const refused = await fetch(`${server.base}${freshChannel("unwilling")}`)
  expect([refused.status, refused.headers.has("retry-after")]).toEqual([502, true])
  expect(backend.all("register")).toHaveLength(before)
  expect(backend.all("handshake").length).toBeGreaterThan(0)
  const hooks = (await (await fetch(`${server.base}/_/api/hooks`)).json()) as {
    hooks: { name: string; errors: { kind: string; says: string }[] }[]
  }
  const view = hooks.hooks.find(({ name }) => name === "/unwilling/**")
  expect(view?.errors[0]).toMatchObject({
    kind: "register",
    says: expect.stringContaining("does not agree to be called") as unknown,
  })
})

test("an operator sees in the metrics what waits and who is away", async () => {
  const text = await (await fetch(`${server.base}/_/metrics`)).text()
  expect(text).toMatch(/^laba_hook_tells_pending \d+$/m)
  expect(text).toContain("\nlaba_hook_backends_away 0\n")
})

test("[H12] no redirect is followed, and no private address called that is not listed", async () => {
  const before = backend.all("register").length
  for (const words of ["redirected", "private"]) {
    const response = await fetch(`${server.base}${freshChannel(words)}`)
    expect([words, response.status]).toEqual([words, 502])
  }
  expect(backend.all("register")).toHaveLength(before)
})

test("[H13] a connection is pushed to and closed by its id, and gone after that", async () => {
  const client = await listenByRawSocket(`${server.base}${desk("quiet")}`)
  const { connection } = await backend.next("register")
  const at = `${server.base}/_/api/connections/${connection}`
  const push = () => fetch(at, { method: "POST", body: "psst", headers: { "content-type": "text/plain" } })
  expect((await push()).status).toBe(204)
  expect(await client.next()).toMatchObject({ data: "psst" })
  expect((await fetch(at, { method: "DELETE" })).status).toBe(204)
  expect(await client.next()).toMatchObject({ kind: "end", number: codes.disconnected.close })
  expect((await backend.next("unregister")).connection).toBe(connection)
  expect((await push()).status).toBe(410)
})

test("[H13] a backend chooses how a connection is closed, where the transport has a way to say it", async () => {
  const channel = desk("quiet")
  const close = async (query: string): Promise<number> => {
    const { connection } = await backend.next("register")
    const { status } = await fetch(`${server.base}/_/api/connections/${connection}${query}`, {
      method: "DELETE",
    })
    expect((await backend.next("unregister")).connection).toBe(connection)
    return status
  }
  const raw = await listenByRawSocket(`${server.base}${channel}`)
  expect(await close("?code=4123&reason=later")).toBe(204)
  expect(await raw.next()).toMatchObject({ kind: "end", number: 4123, code: "later" })
  const laba = await connectByLaba(`${server.base}${channel}`)
  expect(await close("?reason=the%20shop%20is%20closed")).toBe(204)
  expect(await laba.frame("error")).toMatchObject({ code: "disconnected", detail: "the shop is closed" })
  const stream = await fetch(`${server.base}${channel}`, { headers: { accept: "text/event-stream" } })
  expect(await close("?code=4000")).toBe(204)
  expect(await stream.text()).toContain('"code":"disconnected"')
  expect((await fetch(`${server.base}/_/api/connections/x?code=1006`, { method: "DELETE" })).status).toBe(400)
})
