// What is passed on is what was asked, and what comes back is what was answered: nothing added, nothing lost. The shop behind
// is a stand-in that tells what reached it.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test"
import { gzipSync } from "node:zlib"
import { responseOf, problemOf, Problem } from "../answers.ts"
import { answeredBytesMax } from "../body.ts"
import { passOn } from "./pass-on.ts"

interface Reached {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array
}

let shop: Bun.Server<undefined>
let front: Bun.Server<undefined>
let answers: (request: Request) => Response
let reached: Reached[]

beforeAll(() => {
  shop = Bun.serve({
    port: 0,
    async fetch(request) {
      const { method, url, headers } = request
      reached.push({ method, url, headers, body: await request.bytes() })
      return answers(request)
    },
  })
  front = Bun.serve({
    port: 0,
    maxRequestBodySize: answeredBytesMax,
    fetch: (request) =>
      passOn(request, shop.url.origin).catch((error: unknown) => responseOf(problemOf(error as Problem))),
  })
})

afterAll(async () => {
  await front.stop(true)
  await shop.stop(true)
})

beforeEach(() => {
  reached = []
  answers = () => new Response("the shop")
})

const ask = (path: string, init: RequestInit & { decompress?: boolean } = {}): Promise<Response> =>
  fetch(front.url.origin + path, init)

const last = (): Reached => reached.at(-1) as Reached

/** A body that comes in pieces, so that nobody knows its length before. */
function inPieces(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, 10_000)
      left -= size
      if (size === 0) controller.close()
      else controller.enqueue(new Uint8Array(size).fill(97))
    },
  })
}

test("method, path, query, headers, cookies and the host that was asked for arrive", async () => {
  for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
    await ask("/a%2Fb/c?x=1&y=%20", {
      method,
      headers: { Host: "shop.example:1234", Cookie: "a=1; b=2", "X-One": "1" },
    })
  expect(reached.map(({ method }) => method)).toEqual(["GET", "POST", "PUT", "DELETE", "OPTIONS"])
  for (const { url, headers } of reached) {
    expect(url).toBe("http://shop.example:1234/a%2Fb/c?x=1&y=%20")
    expect(headers.get("cookie")).toBe("a=1; b=2")
    expect(headers.get("x-one")).toBe("1")
  }
})

test("what only concerns one connection does not travel on", async () => {
  await ask("/", { headers: { Connection: "keep-alive", TE: "trailers", "Keep-Alive": "timeout=5" } })
  for (const name of ["te", "keep-alive", "trailer"]) expect(last().headers.has(name)).toBe(false)
})

test("a body arrives byte for byte, whether its length was said or it came in pieces", async () => {
  const bytes = Uint8Array.from({ length: 60_000 }, (_, at) => at % 251)
  await ask("/", { method: "POST", body: bytes })
  expect(Buffer.from(last().body).equals(bytes)).toBe(true)
  await ask("/", { method: "PUT", body: inPieces(60_000) })
  expect(last().body).toHaveLength(60_000)
  await ask("/", { method: "POST" })
  expect(last().body).toHaveLength(0)
})

test("a body above the limit is refused here, by its length or as it comes", async () => {
  for (const body of ["x".repeat(70_000), "x".repeat(5_000_000), inPieces(70_000), inPieces(50_000_000)]) {
    const refused = await ask("/api/login", { method: "POST", body })
    expect(refused.status).toBe(413)
    expect(refused.headers.get("content-type")).toStartWith("application/problem+json")
    expect(await refused.json()).toMatchObject({ status: 413, code: "too_large" })
  }
  expect(reached).toEqual([])
})

test("status, headers and every cookie come back", async () => {
  const headers = new Headers({ "Content-Type": "text/plain; charset=utf-8", ETag: '"1"', "X-Two": "2" })
  headers.append("Set-Cookie", "a=1; Path=/; HttpOnly")
  headers.append("Set-Cookie", "b=2; Path=/")
  answers = () => new Response("body", { status: 418, headers })
  const answer = await ask("/")
  expect(answer.status).toBe(418)
  expect(answer.headers.getSetCookie()).toEqual(["a=1; Path=/; HttpOnly", "b=2; Path=/"])
  for (const name of ["content-type", "etag", "x-two"])
    expect(answer.headers.get(name)).toBe(headers.get(name))
  expect(await answer.text()).toBe("body")
})

test("a redirect is for the client to follow", async () => {
  answers = () => new Response(null, { status: 302, headers: { Location: "/elsewhere" } })
  const answer = await ask("/", { redirect: "manual" })
  expect([answer.status, answer.headers.get("location")]).toEqual([302, "/elsewhere"])
  expect(reached).toHaveLength(1)
})

test("304 and 204 have no body, and HEAD has the length of what GET would have", async () => {
  answers = ({ headers }) =>
    headers.get("if-none-match") === '"1"'
      ? new Response(null, { status: 304, headers: { ETag: '"1"' } })
      : new Response("twelve bytes", { headers: { ETag: '"1"' } })
  const known = await ask("/", { headers: { "If-None-Match": '"1"' } })
  expect([known.status, known.headers.get("etag"), await known.text()]).toEqual([304, '"1"', ""])
  const head = await ask("/", { method: "HEAD" })
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "12", ""])
  expect(last().method).toBe("HEAD")
  answers = () => new Response(null, { status: 204 })
  expect((await ask("/")).status).toBe(204)
})

test("what was packed comes back packed, and only for who can unpack it", async () => {
  const packed = gzipSync("x".repeat(10_000))
  answers = ({ headers }) =>
    headers.get("accept-encoding")?.includes("gzip")
      ? new Response(packed, { headers: { "Content-Encoding": "gzip" } })
      : new Response("plain")
  const answer = await ask("/", { headers: { "Accept-Encoding": "gzip" }, decompress: false })
  expect(answer.headers.get("content-encoding")).toBe("gzip")
  expect(Buffer.from(await answer.bytes()).equals(packed)).toBe(true)
  await ask("/", { headers: { "Accept-Encoding": "identity" } })
  expect(last().headers.get("accept-encoding")).toBe("identity")
})

test("a long answer is passed on as it comes, and whole", async () => {
  answers = () => new Response(inPieces(20_000_000), { headers: { "Content-Type": "text/csv" } })
  const answer = await ask("/orders.csv")
  let length = 0
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) length += chunk.byteLength
  expect(length).toBe(20_000_000)
  answers = () => new Response("y".repeat(3_000_000))
  expect(await (await ask("/")).text()).toHaveLength(3_000_000)
})

test("a shop that does not answer is said to be starting", async () => {
  const gone = Bun.serve({ port: 0, fetch: () => new Response() })
  const origin = gone.url.origin
  await gone.stop(true)
  const answer = await passOn(new Request("http://shop.example/"), origin)
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"])
  expect(await answer.json()).toMatchObject({ code: "starting" })
  const opened = new Request("http://shop.example/", { headers: { Accept: "text/html,*/*" } })
  const page = await passOn(opened, origin)
  expect([page.status, page.headers.get("content-type")]).toEqual([503, "text/html; charset=utf-8"])
})
