// A backend as its author would write it from docs/guide/hooks.md, in a process of its own. It checks every field it is sent
// and prints each event as a line of JSON with what is wrong about it. How it answers is told by the channel and by `/control`.
import { createHmac } from "node:crypto"

/** The secret that requests must be signed with. */
const secret = process.argv[2] ?? ""
const port = Number(process.argv[3] ?? "0")

interface Control {
  /** Answers wait until they are let go. */
  hold: boolean
  /** Answers after so many milliseconds. */
  delayMs: number
}
const control: Control = { hold: false, delayMs: 0 }
const held: (() => void)[] = []
let inFlight = 0
let peak = 0

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""
const connectionId = /^[0-9a-z]{6}-[0-9a-z]+-[\w-]{16}$/

function problemsWith(headers: Headers, body: Uint8Array): string[] {
  const problems: string[] = []
  const expect = (right: boolean, what: string): void => void (right || problems.push(what))
  const ce = (name: string): string | null => headers.get(`ce-${name}`)
  const kind = ce("type")?.replace("laba.", "") ?? ""
  const json = (): Record<string, unknown> =>
    JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>
  expect(ce("specversion") === "1.0", "ce-specversion is 1.0")
  expect(
    /^laba\.(register|transport|unregister|subscribe|publish|occupied|vacated|nack)$/.test(ce("type") ?? ""),
    "ce-type",
  )
  expect(/^\/nodes\/[0-9a-z]{6}$/.test(ce("source") ?? ""), "ce-source names the node")
  expect(isText(ce("id")), "ce-id")
  expect(Math.abs(Date.parse(ce("time") ?? "") - Date.now()) < 3_600_000, "ce-time is a time, lately")
  expect(headers.get("webhook-request-origin") === "laba", "WebHook-Request-Origin")
  expect(headers.get("content-type") !== null, "Content-Type")
  expect(/^[\x20-\x7e]*$/.test(ce("state") ?? ""), "ce-state is printable")
  const byConnection = kind !== "occupied" && kind !== "vacated"
  if (byConnection && ce("connection") !== null) {
    expect(connectionId.test(ce("connection") ?? ""), "ce-connection")
    expect(["websocket", "sse", "poll", "tcp", "sockjs"].includes(ce("transport") ?? ""), "ce-transport")
    expect((ce("id") ?? "").startsWith(`${ce("connection")}/${kind}`), "ce-id is the connection's")
    expect(ce("source") === `/nodes/${ce("connection")?.slice(0, 6)}`, "ce-source is the connection's node")
  }
  if (kind === "register") {
    const said = json()
    expect(said["connection"] === ce("connection"), "register.connection")
    expect(said["transport"] === ce("transport"), "register.transport")
    expect(["raw", "laba", "stomp"].includes(String(said["protocol"])), "register.protocol")
    expect((said["channel"] ?? null) === ce("channel"), "register.channel")
    expect(Array.isArray(said["channels"]), "register.channels")
    expect(said["user"] === null || isText(said["user"]), "register.user")
    expect(Array.isArray(said["subprotocols"]), "register.subprotocols")
    expect(typeof said["headers"] === "object", "register.headers")
    expect(typeof said["query"] === "string", "register.query")
    expect(isText(said["address"]), "register.address")
    expect(Object.keys(said).length === 10, "register has ten keys")
  }
  if (kind === "unregister") {
    const said = json()
    expect(Number.isInteger(said["code"]) && typeof said["reason"] === "string", "unregister.code and reason")
    expect(Object.keys(said).length === 2, "unregister has two keys")
  }
  if (kind === "nack") {
    const { channel, messages, ...more } = json()
    expect(channel === decodeURIComponent(ce("channel") ?? ""), "nack.channel")
    expect(Array.isArray(messages) && messages.length > 0 && messages.every(isText), "nack.messages")
    expect(Object.keys(more).length === 0, "nack has two keys")
  }
  if (kind === "occupied" || kind === "vacated" || kind === "subscribe")
    expect(json()["channel"] === decodeURIComponent(ce("channel") ?? ""), `${kind}.channel`)
  if (secret !== "") problems.push(...problemsWithSignature(headers, body))
  return problems
}

/** As docs/guide/hooks.md describes it, written anew. */
function problemsWithSignature(headers: Headers, body: Uint8Array): string[] {
  const [t, ...signatures] = (headers.get("laba-signature") ?? "")
    .split(",")
    .map((part) => part.split("=")[1])
  const names = [...headers.keys()].filter((name) => name.startsWith("ce-")).sort()
  const attributes = names.map((name) => `${name}:${headers.get(name)}\n`).join("")
  const right = createHmac("sha256", secret).update(`${t}\n${attributes}\n`).update(body).digest("hex")
  if (!signatures.includes(right)) return ["the signature is wrong"]
  return Math.abs(Date.now() / 1000 - Number(t)) < 300 ? [] : ["the signature is old"]
}

const problem = (status: number, detail: string, headers: Record<string, string> = {}): Response =>
  Response.json({ detail }, { status, headers: { ...headers, "Content-Type": "application/problem+json" } })

/** How it answers, by what the client says. */
function answer(kind: string, channel: string, body: string): Response {
  const words = channel.split("/")
  if (kind === "register") {
    if (words.includes("refused")) return problem(403, "Not you.")
    if (words.includes("stranger")) return new Response("Log in first.", { status: 401 })
    if (words.includes("busy")) return problem(429, "Later.", { "Retry-After": "7" })
    if (words.includes("broken"))
      return new Response("{", { headers: { "Content-Type": "application/json" } })
    if (words.includes("typo")) return Response.json({ usr: "ann" })
    if (words.includes("failing")) return new Response(null, { status: 503 })
    if (words.includes("quiet")) return new Response(null, { status: 204 })
    return Response.json({
      user: "ann",
      channels: ["/news"],
      state: 'table 7: 桌 "x" 100%',
      reply: "welcome",
      ...(words.includes("chat") && { subprotocol: "chat" }),
      ...(words.includes("announced") && { publish: { channel: "/floor", data: { came: "ann" } } }),
    })
  }
  if (kind === "transport") {
    if (body === "refuse") return problem(403, "Not that.")
    if (body === "through") return Response.json({ publish: true })
    if (body === "nothing" || body.startsWith("count ")) return new Response(null, { status: 204 })
    if (body === "bytes") return Response.json({ reply: { base64: "AAEC" } })
    return Response.json({
      reply: `got ${body}`,
      state: `after ${body}`,
      publish: [{ channel: "/floor", data: body, type: "text/plain" }, { data: { said: body } }],
    })
  }
  if (kind === "subscribe" && words.includes("closed")) return problem(403, "This one is closed.")
  if (kind === "publish") {
    if (body === "refuse") return problem(403, "Not that.")
    if (body === "swallow") return Response.json({ publish: false })
    if (body === "change") return Response.json({ publish: { data: "changed", type: "text/plain" } })
  }
  return new Response(null, { status: 204 })
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port,
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === "/control") {
      Object.assign(control, await request.json())
      if (!control.hold) for (const go of held.splice(0)) go()
      return Response.json({ peak, inFlight, held: held.length })
    }
    if (pathname === "/redirect")
      return new Response(null, {
        status: 307,
        headers: { Location: "/hooks", "WebHook-Allowed-Origin": "*" },
      })
    if (request.method === "OPTIONS") {
      const origin = request.headers.get("webhook-request-origin") ?? ""
      print({ kind: "handshake", origin, problems: [] })
      if (pathname === "/unwilling") return new Response(null, { status: 200 })
      return new Response(null, { status: 200, headers: { "WebHook-Allowed-Origin": origin } })
    }
    inFlight++
    peak = Math.max(peak, inFlight)
    const bytes = new Uint8Array(await request.arrayBuffer())
    const { headers } = request
    const kind = headers.get("ce-type")?.replace("laba.", "") ?? ""
    const channel = decodeURIComponent(headers.get("ce-channel") ?? "")
    const body = new TextDecoder().decode(bytes)
    print({
      kind,
      id: headers.get("ce-id"),
      connection: headers.get("ce-connection"),
      channel,
      user: headers.get("ce-user"),
      state: headers.has("ce-state") ? decodeURIComponent(headers.get("ce-state") ?? "") : null,
      transport: headers.get("ce-transport"),
      type: headers.get("content-type"),
      body,
      problems: problemsWith(headers, bytes),
    })
    if (control.hold) await new Promise<void>((resolve) => held.push(resolve))
    if (control.delayMs > 0) await Bun.sleep(control.delayMs)
    inFlight--
    return answer(kind, channel, body)
  },
})

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

print({ kind: "listening", port: server.port, problems: [] })
