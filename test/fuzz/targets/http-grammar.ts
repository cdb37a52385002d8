// Requests as only HTTP's grammar makes them: each part right most of the time, so that what is wrong with the rest is
// what gets looked at.
import { bytesOf } from "../mutation.ts"
import type { Random } from "../random.ts"

const methods = [
  "GET",
  "POST",
  "POST",
  "POST",
  "HEAD",
  "DELETE",
  "PUT",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "get",
  "P\xd8ST",
  "",
]
const paths = [
  "@CHANNEL@",
  "@CHANNEL@",
  "@CHANNEL@",
  "@CHANNEL@/%2e%2e/x",
  "@CHANNEL@%2fx",
  "@CHANNEL@//",
  "/@me@CHANNEL@",
  "/%40me@CHANNEL@",
  "/%5f/api",
  "/_/ws",
  "/_/events",
  "/_/poll",
  "/_/session",
  "/_/session/a-1-b",
  "/_/api/publish",
  "/_/api/connections",
  "/_/api/channels",
  "/_/api/openapi.json",
  "/_/live",
  "/_/ready",
  "/_/metrics",
  "/_/client.js",
  "/_/nothing",
  "/",
  "*",
  "//a/b",
  "http://evil.example/x",
  "@CHANNEL@#x",
]
const queries = [
  "",
  "",
  "",
  "?after=",
  "?after=k3f9a-2s",
  "?wait=0",
  "?wait=0&after=~1x9f~k-1",
  "?channel=@CHANNEL@&wait=0",
  "?channel=/a&channel=/b&after=a-1",
  "?channel=%ff",
  "?token=a.b.c",
  "?after=%",
  "?wait=1e9",
]
const headers = [
  "Accept: text/event-stream",
  "Accept: */*;q=0",
  "Last-Event-ID: k3f9a-2s",
  "Last-Event-ID: ~",
  "If-None-Match: *",
  "Range: bytes=0-1",
  "Origin: http://evil.example",
  "Origin: null",
  "Authorization: Bearer a.b.c",
  "Authorization: Basic eDp5",
  "Cookie: laba=a.b.c",
  "Idempotency-Key: k-1",
  "Idempotency-Key: ",
  "Idempotency-Key: \xe9",
  "Content-Encoding: gzip",
  "Expect: 100-continue",
  "Expect: what",
  "Connection: close",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Upgrade: h2c",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Version: 8",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Key: x",
  "Sec-WebSocket-Protocol: laba.v1",
  "Sec-WebSocket-Protocol: v12.stomp, laba.token.a.b.c",
  "X-Forwarded-For: 1.2.3.4",
  "Forwarded: for=1.2.3.4",
  "X-Long: " + "x".repeat(9000),
  " folded: x",
  ": nameless",
  "Na me: x",
  "X-Control: \x01\x7f",
]
const bodies: readonly (readonly [type: string, body: string])[] = [
  ["text/plain", "hello"],
  ["text/plain; charset=utf-8", "\xe5\x96\x87\xff"],
  ["text/plain; charset=utf-16", "h\0i\0"],
  ["application/json", '{"op":"publish","channel":"@CHANNEL@","data":1}'],
  ["application/json", '[{"op":"subscribe","channel":"@CHANNEL@"},{"op":"ping"}]'],
  ["application/json", "[".repeat(3000)],
  ["application/x-www-form-urlencoded", "x=1&data=a+b%20c"],
  ["application/x-www-form-urlencoded", "data=%zz"],
  [
    "multipart/form-data; boundary=X",
    '--X\r\nContent-Disposition: form-data; name="data"\r\n\r\nhello\r\n--X--\r\n',
  ],
  ["multipart/form-data", "--X--"],
  ["application/octet-stream", "\0\x01\xff"],
  ["text/html", "<script>1</script>"],
  ["", "untyped"],
  ["nonsense", ""],
]

/** One to three requests on one connection. */
export function makeRequests(random: Random): Uint8Array {
  const count = random.oneIn(3) ? 2 + random.below(2) : 1
  return bytesOf(Array.from({ length: count }, () => makeRequest(random)).join(""))
}

function makeRequest(random: Random): string {
  const [type, said] = random.pick(bodies)
  const method = random.pick(methods)
  const body =
    method === "GET" && !random.oneIn(10)
      ? ""
      : random.oneIn(12)
        ? said.repeat(1 + random.below(9000)).slice(0, 150_000)
        : said
  const lines = [
    `${method} ${random.pick(paths)}${random.pick(queries)} ${random.oneIn(15) ? random.pick(["HTTP/1.0", "HTTP/2.0", "HTTP/1.1 x", "http/1.1", ""]) : "HTTP/1.1"}`,
  ]
  if (!random.oneIn(15))
    lines.push(
      random.oneIn(12)
        ? random.pick(["Host:", "Host: evil.example", "Host: 127.0.0.1:1\r\nHost: b", "Host: [::1"])
        : "Host: 127.0.0.1",
    )
  if (type !== "" && body !== "") lines.push(`Content-Type: ${type}`)
  for (let more = random.below(4); more > 0; more--) lines.push(random.pick(headers))
  return `${[...lines, ...framing(random, body)].join("\r\n")}`
}

/** How the body's end is told, with the body: rightly, or not. */
function framing(random: Random, body: string): string[] {
  if (body === "" && !random.oneIn(6)) return ["", ""]
  const length = String(body.length)
  switch (random.below(12)) {
    case 0:
      return [
        `Content-Length: ${random.pick(["0", "-1", "+5", "0x5", "5 5", "99999999999999999999", String(body.length + 1), ""])}`,
        "",
        body,
      ]
    case 1:
      return [`Content-Length: ${length}`, `Content-Length: ${random.pick([length, "0"])}`, "", body]
    case 2:
      return [`Content-Length: ${length}`, "Transfer-Encoding: chunked", "", chunked(random, body)]
    case 3:
    case 4:
    case 5:
      return [
        `Transfer-Encoding: ${random.oneIn(5) ? random.pick(["gzip, chunked", "chunked, gzip", "Chunked", "xchunked", "identity"]) : "chunked"}`,
        "",
        chunked(random, body),
      ]
    default:
      return [`Content-Length: ${length}`, "", body]
  }
}

function chunked(random: Random, body: string): string {
  let text = ""
  for (let at = 0; at < body.length;) {
    const size = 1 + random.below(body.length - at)
    const said = random.oneIn(15)
      ? random.pick(["-1", "zz", "fffffffffffffffff", "0", "1 ", "0x1"])
      : size.toString(16)
    text += `${said}${random.oneIn(6) ? ";a=b" : ""}\r\n${body.slice(at, at + size)}${random.oneIn(20) ? "\n" : "\r\n"}`
    at += size
  }
  return `${text}0\r\n${random.oneIn(6) ? "X-Trailer: y\r\n" : ""}${random.oneIn(10) ? "" : "\r\n"}`
}

/** A request whose body alone was changed, and its length told rightly again, so that the body is read at all. */
export function withBody(input: Uint8Array, change: (body: Uint8Array) => Uint8Array): Uint8Array {
  const text = Buffer.from(input).toString("latin1")
  const headEnd = text.indexOf("\r\n\r\n")
  if (headEnd < 0) return change(input)
  const body = Buffer.from(change(bytesOf(text.slice(headEnd + 4)))).toString("latin1")
  const head = text.slice(0, headEnd).replace(/^(content-length:)[^\r\n]*/im, `$1 ${body.length}`)
  return bytesOf(`${head}\r\n\r\n${body}`)
}
