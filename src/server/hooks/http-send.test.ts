import { afterAll, beforeAll, expect, test } from "bun:test"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { BackendFailure } from "../../hooks/remote/delivery/backend-failure.ts"
import type { HttpRequest } from "../../hooks/remote/remote.ts"
import { answerBytesMax, makeHttpSend } from "./http-send.ts"

let reached: { host: string | null; path: string }[] = []
let server: Bun.Server<undefined>

beforeAll(() => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      reached.push({ host: request.headers.get("host"), path: pathname })
      if (pathname === "/away") return Response.redirect(`http://127.0.0.1:${server.port}/inside`, 302)
      if (pathname === "/never") await new Promise(() => {})
      if (pathname === "/bomb") {
        const body = Bun.gzipSync(new Uint8Array(answerBytesMax + 1))
        return new Response(body, { headers: { "Content-Encoding": "gzip" } })
      }
      if (pathname === "/huge") return new Response("x".repeat(answerBytesMax + 1))
      return new Response("here")
    },
  })
})

afterAll(() => server.stop(true))

const ask = (url: string, over: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "POST",
  url,
  headers: {},
  body: "x",
  timeoutMs: 5000,
  privateAddresses: [],
  ...over,
})

const failureOf = async (work: Promise<unknown>): Promise<BackendFailure> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(BackendFailure)
  return error as BackendFailure
}

test("[H12] a name is resolved, every address it has is checked, and one that is checked is connected to", async () => {
  reached = []
  const answers = new Map([
    ["inside.example", ["127.0.0.1"]],
    ["half.example", ["8.8.8.8", "127.0.0.1"]],
    ["nowhere.example", []],
  ])
  const send = makeHttpSend({ resolve: async (host) => answers.get(host) ?? [] })
  for (const host of [
    "inside.example",
    "half.example",
    "127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "2130706433",
    "0x7f.1",
  ]) {
    const { because, sent } = await failureOf(send(ask(`http://${host}:${server.port}/`)))
    expect([host, because, sent]).toEqual([host, "address", false])
  }
  expect((await failureOf(send(ask("http://nowhere.example/")))).because).toBe("connect")
  expect(reached).toEqual([])
  const listed = ask(`http://inside.example:${server.port}/here?x=1`, { privateAddresses: ["127.0.0.1"] })
  expect((await send(listed)).status).toBe(200)
  expect(reached).toEqual([{ host: `inside.example:${server.port}`, path: "/here" }])
})

test("[H12] a name that changes its mind after it was checked changes nothing", async () => {
  reached = []
  const answers = [["127.0.0.2"], ["127.0.0.1"]]
  let asked = 0
  let nowMs = 0
  const send = makeHttpSend({
    resolve: async () => answers[asked++] ?? [],
    now: () => nowMs,
  })
  const url = `http://rebinding.example:${server.port}/`
  const allowed = { privateAddresses: ["127.0.0.2"] }
  // Connected to what was checked, where nobody listens, and not to what the name means by now.
  expect((await failureOf(send(ask(url, allowed)))).because).toBe("connect")
  nowMs = 60_000
  expect((await failureOf(send(ask(url, allowed)))).because).toBe("address")
  expect(reached).toEqual([])
})

test("[H12] a redirect is an answer, and nobody goes where it leads", async () => {
  reached = []
  const send = makeHttpSend()
  const response = await send(
    ask(`http://127.0.0.1:${server.port}/away`, { privateAddresses: ["127.0.0.1"] }),
  )
  expect(response.status).toBe(302)
  expect(reached.map(({ path }) => path)).toEqual(["/away"])
})

test("what does not answer, answers too much, or is not there, is a failure that says which", async () => {
  const send = makeHttpSend()
  const here = { privateAddresses: ["127.0.0.1"] }
  const silent = await failureOf(
    send(ask(`http://127.0.0.1:${server.port}/never`, { ...here, timeoutMs: 100 })),
  )
  expect([silent.because, silent.sent, silent.strained]).toEqual(["timeout", true, true])
  for (const path of ["huge", "bomb"]) {
    const { because, sent } = await failureOf(send(ask(`http://127.0.0.1:${server.port}/${path}`, here)))
    expect([path, because, sent]).toEqual([path, "answer", true])
  }
  const closed = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() })
  const { port } = closed
  await closed.stop(true)
  const absent = await failureOf(send(ask(`http://127.0.0.1:${port}/`, here)))
  expect([absent.because, absent.sent, absent.strained]).toEqual(["connect", false, true])
})

test("[H12] over TLS the certificate must be the name's, although an address is connected to", async () => {
  const folder = mkdtempSync(join(tmpdir(), "laba-send-"))
  const openssl = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "30",
  ]
  const names = ["-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"]
  const files = ["-keyout", "server.key", "-out", "server.crt"]
  execFileSync("openssl", [...openssl, ...names, ...files], { cwd: folder, stdio: "ignore" })
  const cert = readFileSync(join(folder, "server.crt"), "utf8")
  const key = readFileSync(join(folder, "server.key"), "utf8")
  rmSync(folder, { recursive: true })
  await using secure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert, key },
    fetch: (request) => new Response(request.headers.get("host")),
  })
  const here = { privateAddresses: ["127.0.0.1"] }
  const resolve = async (): Promise<string[]> => ["127.0.0.1"]
  const send = makeHttpSend({ resolve, ca: cert })
  const right = await send(ask(`https://hooks.example:${secure.port}/`, here))
  expect(new TextDecoder().decode(right.body)).toBe(`hooks.example:${secure.port}`)
  // A connection that stands for one name is not used for another.
  for (const name of ["other.example", "127.0.0.1"]) {
    const { because, sent } = await failureOf(send(ask(`https://${name}:${secure.port}/`, here)))
    expect([name, because, sent]).toEqual([name, "connect", false])
  }
  const unknown = await failureOf(
    makeHttpSend({ resolve })(ask(`https://hooks.example:${secure.port}/`, here)),
  )
  expect([unknown.because, unknown.sent]).toEqual(["connect", false])
})

test("a name that cannot be found in time is a failure like any other", async () => {
  const send = makeHttpSend({ resolve: () => new Promise(() => {}) })
  expect((await failureOf(send(ask("http://slow.example/", { timeoutMs: 50 })))).because).toBe("timeout")
})
