// A server spoken to in broken SockJS: session paths, queries, arrays of messages, WebSockets. An input is some requests, one after the other:
// a line with the method (`WS` for a WebSocket, each further line a message of it) and what follows the services' path, then a body.
import { clientFrame, framesIn, handshakeHeaders } from "../../support/websocket-frames.ts"
import { exchange, statusesIn } from "../exchange.ts"
import { bytesOf } from "../mutation.ts"
import type { Random } from "../random.ts"
import type { ServerTarget } from "../target.ts"
import type { Victim } from "../victim.ts"
import { placed, serverFault, stillOpen } from "./http.ts"

const separator = "\n~~~\n"
const requestsMax = 8

/** What a frame of the 16-bit length holds. */
const frameBytesMax = 60_000

const services = ["/raw", "/laba", "/stomp"]
const transports = ["xhr", "xhr_streaming", "xhr_send", "eventsource", "jsonp", "jsonp_send", "htmlfile"]

const oddPaths = [
  "//@SESSION@/xhr",
  "/0//xhr",
  "/0/@SESSION@/",
  "/0/@SESSION@/xhr/",
  "/0/@SESSION@/xhr/xhr",
  "/0/@SESSION@/XHR",
  "/0.0/@SESSION@/xhr",
  "/0/a.b/xhr",
  "/0/../xhr",
  "/0/%2e%2e/xhr",
  "/0/%2f/xhr",
  "/0/%00/xhr",
  "/0/%/xhr",
  "/0/%c0%af/xhr",
  "/0/\xff\xfe/xhr",
  `/0/${"s".repeat(200)}/xhr`,
  `/0/${"s".repeat(201)}/xhr`,
  `/${"n".repeat(101)}/@SESSION@/xhr`,
  "/0/@SESSION@/unknown",
  "/iframe-../x.html",
  "/iframe.html?v=1",
  "/info?t=1",
  "/websocket",
  "/websocket/websocket",
]

const queries = [
  "",
  "",
  "?c=cb",
  "?callback=cb",
  "?c=%3Cscript%3E",
  "?c=a&c=b",
  "?c=",
  "?t=1",
  "?after=x",
  "?token=x",
  "?access_token=%ff",
  "?=&&%",
]

const laba = (command: object): string => JSON.stringify(command)

/** Messages of which some mean something to what a service carries. */
const messages = [
  "",
  "x",
  "\ud83d\ude00\u2028\u200c",
  laba({ op: "subscribe", channel: "@CHANNEL@" }),
  laba({ op: "publish", channel: "@CHANNEL@", data: 1 }),
  laba({ op: "ping" }),
  "CONNECT\naccept-version:1.2\n\n\0",
  "SUBSCRIBE\nid:0\ndestination:@CHANNEL@\n\n\0",
  "SEND\ndestination:@CHANNEL@\n\nx\0",
  "\n",
  "\0",
]

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

const brokenBodies = [
  "",
  " ",
  "[",
  '["',
  '["x"',
  '["x",]',
  "['x']",
  "null",
  "1",
  "{}",
  '{"a":["x"]}',
  "[1]",
  "[null]",
  '["x",1]',
  '[["x"]]',
  '"x"',
  '["\\ud800"]',
  '["\\u0000\\uffff"]',
  '["\\x"]',
  "\xef\xbb\xbf[]",
  '["\xff"]',
  '["\xed\xa0\x80"]',
  '["\xf8\x88\x80\x80\x80"]',
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  `${'{"a":'.repeat(5000)}1`,
  `["${"x".repeat(150_000)}"]`,
  `[${'"",'.repeat(40_000)}""]`,
  `[${'"x",'.repeat(15_000)}"x"]`,
  "d=",
  "d=%5B%22x%22%5D",
  "d=%5B%22%ff%22%5D",
  "d=%",
]

function makeBody(random: Random): string {
  if (random.oneIn(2)) return random.pick(brokenBodies)
  const some = Array.from({ length: random.below(4) }, () => random.pick(messages))
  return latin1(JSON.stringify(some))
}

function makeRequest(random: Random): string {
  const service = random.pick(services)
  if (random.oneIn(6)) {
    const lines = Array.from({ length: random.below(5) }, () => makeBody(random).replaceAll("\n", " "))
    return [
      `WS ${service}${random.pick(["/websocket", "/0/@SESSION@/websocket"])}${random.pick(queries)}`,
      ...lines,
    ].join("\n")
  }
  const path = random.oneIn(4) ? random.pick(oddPaths) : `/0/@SESSION@/${random.pick(transports)}`
  const method = random.pick(["GET", "POST", "POST", "POST", "OPTIONS", "DELETE"])
  return `${method} ${service}${path}${random.pick(queries)}\n${makeBody(random)}`
}

const makeRequests = (random: Random): string =>
  [
    `POST ${random.pick(services)}/0/@SESSION@/xhr`,
    ...Array.from({ length: 1 + random.below(5) }, () => makeRequest(random)),
  ].join(separator)

/** A request as it goes over the wire, with what follows where it is answered as a WebSocket. */
function wired(request: string): { readonly head: Uint8Array; readonly then?: Uint8Array } {
  const [first = "", ...lines] = request.split("\n")
  const space = first.indexOf(" ")
  const method = space < 0 ? "GET" : first.slice(0, space)
  // What would end the line is a matter of HTTP, which is broken elsewhere.
  const target = `/sockjs${first.slice(space + 1).replace(/[\0-\x20\x7f]/g, "")}`
  if (method === "WS") {
    const head = ["GET", target, "HTTP/1.1\r\nHost: 127.0.0.1\r\n"].join(" ")
    const frames = lines.map((line) => clientFrame(1, bytesOf(line.slice(0, frameBytesMax))))
    return { head: bytesOf(`${head}${handshakeHeaders.join("\r\n")}\r\n\r\n`), then: Buffer.concat(frames) }
  }
  const body = lines.join("\n")
  const isForm = target.includes("jsonp_send") && body.startsWith("d=")
  const head = [
    `${/^[A-Z]{1,10}$/.test(method) ? method : "POST"} ${target} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: close",
    ...(isForm ? ["Content-Type: application/x-www-form-urlencoded"] : []),
    `Content-Length: ${body.length}`,
  ]
  return { head: bytesOf(`${head.join("\r\n")}\r\n\r\n${body}`) }
}

export const sockjs: ServerTarget = {
  kind: "server",
  name: "sockjs",
  words: [
    ...services,
    ...transports.map((transport) => `/0/@SESSION@/${transport}`),
    ...oddPaths,
    ...queries,
    ...messages.map((message) => latin1(JSON.stringify(message))),
    separator,
    "POST ",
    "GET ",
    "WS ",
    "[",
    "]",
    '"',
    ",",
    "\\u",
    "@CHANNEL@",
    "@SESSION@",
  ],
  reshape(random, _input, plain) {
    return random.oneIn(3) ? plain() : bytesOf(makeRequests(random))
  },
  async send(victim, input) {
    const channel = victim.freshChannel()
    const text = Buffer.from(placed(input, channel)).toString("latin1")
    const requests = text.replaceAll("@SESSION@", channel.replaceAll("/", "-")).split(separator)
    const taken: boolean[] = []
    for (const request of requests.slice(0, requestsMax)) {
      const { wrong, status } = await ask(victim, request)
      if (wrong !== null) return `${wrong}, at ${JSON.stringify(request.slice(0, 200))}`
      taken.push(status < 400)
    }
    if (taken.some((one) => one)) return null
    const length = await victim.lengthOf(channel)
    return length > 0 ? `all was refused, and yet the channel has ${length} messages` : null
  },
}

async function ask(
  victim: Victim,
  request: string,
): Promise<{ readonly wrong: string | null; readonly status: number }> {
  const { head, then } = wired(request)
  const { answer, closed } = await exchange(victim.base, head, then ? { then } : {})
  const [status = 0] = statusesIn(answer)
  if (!closed) return { wrong: stillOpen, status }
  if (status === 101) return { wrong: faultInSocket(bytesOf(answer)), status }
  // SockJS has 500 for what is no array of strings, and says so.
  const isSockJs = status === 500 && /^laba-code: bad_/im.test(answer)
  return { wrong: isSockJs ? null : (serverFault([status]) ?? faultInAnswer(answer)), status }
}

/** What no client may hear: that we failed, and what is no frame. */
const failed = /\binternal\b/

function faultInFrame(frame: string): string | null {
  if (frame === "o" || frame === "h") return null
  try {
    const parts: unknown = JSON.parse(Buffer.from(frame.slice(1), "latin1").toString())
    const isList = Array.isArray(parts) && /^[ac]/.test(frame)
    if (isList && frame.startsWith("c") && failed.test(frame)) return "it was closed with `internal`"
    if (isList && (frame.startsWith("c") || parts.every((part) => typeof part === "string"))) return null
  } catch {
    // It is none.
  }
  return `it was answered with what is no frame: ${JSON.stringify(frame.slice(0, 200))}`
}

function faultInAnswer(answer: string): string | null {
  if (!answer.startsWith("HTTP/1.1 200 ")) return null
  const [head = "", body = ""] = answer.split("\r\n\r\n", 2)
  if (!/^content-type: application\/javascript/im.test(head)) return null
  // Of a stream there may be a part, and of what we did not wait for.
  if (body.length !== Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? -1)) return null
  const callback = /^\/\*\*\/[\w.-]{1,32}\((".*")\);$/.exec(body.trimEnd())
  if (body.includes("<") && callback) return "a script holds a `<`"
  const frame = callback
    ? (JSON.parse(Buffer.from(callback[1] as string, "latin1").toString()) as string)
    : null
  return faultInFrame(
    frame === null ? body.replace(/\n$/, "") : Buffer.from(frame, "utf8").toString("latin1"),
  )
}

function faultInSocket(answer: Uint8Array): string | null {
  const inSockJs = framesIn(answer)
  for (const [index, { opcode, payload }] of inSockJs.entries()) {
    const text = Buffer.from(payload).toString("latin1")
    if (opcode === 8 && failed.test(text)) return "it was closed with `internal`"
    // A WebSocket without frames of SockJS does not begin with `o`.
    if (opcode === 1 && index > 0 && Buffer.from(inSockJs[0]?.payload ?? []).toString() === "o") {
      const wrong = faultInFrame(text)
      if (wrong !== null) return wrong
    }
  }
  return null
}
