// What goes over the wire, beside the SockJS server of npm: status, headers and bodies are alike, and where they are not, it is listed here with
// its reason.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import type { OwnServer } from "../support/server.ts"
import { freshSession, openSocket, openStream } from "../support/sockjs-session.ts"
import { services, startSockJs } from "./services.ts"

interface Step {
  readonly method: "GET" | "POST" | "OPTIONS" | "PUT"
  /** Behind the service's path; `~` is a session of this exchange. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** `status`, `body`, or the name of a header. */
type Field = string

interface Deviation {
  readonly fields: readonly Field[]
  readonly why: string
}

/** In every answer. */
const everywhere: readonly Deviation[] = [
  {
    fields: ["connection", "keep-alive", "content-length", "transfer-encoding"],
    why: "how an answer travels is its HTTP server's affair",
  },
  { fields: ["x-content-type-options"], why: "no browser is to guess a type" },
  { fields: ["laba-code"], why: "what is refused has a stable code, as everywhere in Laba" },
  {
    fields: ["access-control-expose-headers"],
    why: "a page may read Laba's own headers, as everywhere in Laba",
  },
]

const refusal: Deviation = {
  fields: ["body", "content-type", "cache-control", "vary", "access-control-allow-credentials"],
  why: "a refusal says by its code why, as everywhere in Laba: application/problem+json",
}
const listedOrigins: Deviation = {
  fields: ["access-control-allow-origin"],
  why: "no page is let in by `*`: an answer names the origin of a page that may read it, and no page asks without one",
}
const quiet: Deviation = {
  fields: ["vary"],
  why: "what has no CORS there says here that it differs by origin",
}
const typed: Deviation = {
  fields: ["content-type"],
  why: "an answer with a body says its type, so that no browser guesses it",
}
const order: Deviation = { fields: ["allow"], why: "the order of the methods means nothing" }
const strings: Deviation = {
  fields: ["status", "body"],
  why: "the specification has strings alone; that server takes anything that is in an array",
}
const anyType: Deviation = {
  fields: ["status", "body", "content-type"],
  why: "the specification lets any Content-Type be; that server knows a list of them",
}

const emptyCallback: Deviation = {
  fields: ["status", "body", "content-type", "vary"],
  why: "a callback without a name is none; that server opens a session and answers with a call of nothing",
}
const noMarkup: Deviation = {
  fields: ["body", "vary"],
  why: "`<` is escaped, so that no message ends the script that it stands in",
}

interface Exchange {
  readonly name: string
  /** The last one is compared. */
  readonly steps: readonly Step[]
  readonly deviations?: readonly Deviation[]
}

const page = { Origin: "http://localhost:4711" }
const opened: Step = { method: "POST", path: "~/xhr", headers: page }
const sent = (body: string, headers: Record<string, string> = {}): Step => ({
  method: "POST",
  path: "~/xhr_send",
  headers: { ...page, ...headers },
  body,
})

const form = (body: string): Step => ({
  method: "POST",
  path: "~/jsonp_send",
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
  body,
})

const exchanges: readonly Exchange[] = [
  { name: "the greeting", steps: [{ method: "GET", path: "" }], deviations: [quiet] },
  { name: "the greeting with a slash", steps: [{ method: "GET", path: "/" }], deviations: [quiet] },
  { name: "info", steps: [{ method: "GET", path: "/info", headers: page }] },
  { name: "info without Origin", steps: [{ method: "GET", path: "/info" }], deviations: [listedOrigins] },
  { name: "a preflight of info", steps: [{ method: "OPTIONS", path: "/info", headers: page }] },
  {
    name: "a preflight of xhr",
    steps: [
      {
        method: "OPTIONS",
        path: "/000/a/xhr",
        headers: { ...page, "Access-Control-Request-Headers": "a, b, c" },
      },
    ],
  },
  { name: "a preflight of xhr_send", steps: [{ method: "OPTIONS", path: "/000/a/xhr_send", headers: page }] },
  {
    name: "a preflight of xhr_streaming",
    steps: [{ method: "OPTIONS", path: "/000/a/xhr_streaming", headers: page }],
  },
  { name: "the first poll", steps: [opened] },
  { name: "what is sent", steps: [opened, sent('["a","b"]')] },
  { name: "the poll after it", steps: [opened, sent('["a"]'), opened] },
  {
    name: "escapes",
    steps: [opened, sent(JSON.stringify(['\u0000\u001f\u200c\u2028\ufff0\ud800 日本 😀 \\ " /'])), opened],
  },
  { name: "an empty array", steps: [opened, sent("[]")] },
  { name: "an empty body", steps: [opened, sent("")], deviations: [typed] },
  { name: "broken JSON", steps: [opened, sent('["x')], deviations: [typed] },
  { name: "an object", steps: [opened, sent("{}")], deviations: [typed] },
  { name: "a number in the array", steps: [opened, sent('["a",1]')], deviations: [strings] },
  { name: "to no session", steps: [sent('["a"]')], deviations: [refusal] },
  { name: "broken JSON to no session", steps: [sent('["a')], deviations: [typed] },
  ...[
    "text/plain",
    "application/json",
    "application/xml",
    "text/xml",
    "T",
    "",
    "text/plain;charset=UTF-8",
  ].map((type): Exchange => ({
    name: `sent as ${type}`,
    steps: [opened, sent('["a"]', { "Content-Type": type })],
  })),
  {
    name: "sent as image/png",
    steps: [opened, sent('["a"]', { "Content-Type": "image/png" })],
    deviations: [anyType],
  },
  {
    name: "a GET of a WebSocket's address",
    steps: [{ method: "GET", path: "/000/a/websocket" }],
    deviations: [refusal],
  },
  {
    name: "a POST of a WebSocket's address",
    steps: [{ method: "POST", path: "/000/a/websocket" }],
    deviations: [refusal],
  },
  {
    name: "a GET of xhr",
    steps: [{ method: "GET", path: "/000/a/xhr" }],
    deviations: [refusal, order],
  },
  ...[
    "/000/a.b/xhr",
    "/0.0/a/xhr",
    "/000//xhr",
    "//a/xhr",
    "/000/a/telnet",
    "/000/xhr",
    "/x",
    "/000/a/b/xhr",
  ].map((path): Exchange => ({
    name: `nothing at ${path}`,
    steps: [{ method: "POST", path }],
    deviations: [refusal],
  })),
  { name: "jsonp", steps: [{ method: "GET", path: "~/jsonp?c=a.b-c_1" }], deviations: [quiet] },
  ...["", "?c=", "?c=a(b)", "?callback=%3Cscript%3E", `?c=${"a".repeat(33)}`].map((query): Exchange => ({
    name: `jsonp${query}`,
    steps: [{ method: "GET", path: `~/jsonp${query}` }],
    deviations: query === "?c=" ? [emptyCallback] : [typed, quiet],
  })),
  {
    name: "what jsonp is given",
    steps: [
      { method: "GET", path: "~/jsonp?callback=cb" },
      form(`d=${encodeURIComponent(JSON.stringify(["a\u2028 %", "</script>"]))}`),
      { method: "GET", path: "~/jsonp?callback=cb" },
    ],
    deviations: [quiet, noMarkup],
  },
  {
    name: "a form",
    steps: [{ method: "GET", path: "~/jsonp?c=x" }, form("d=%5B%22a%22%5D")],
    deviations: [quiet],
  },
  {
    name: "a form as text",
    steps: [
      { method: "GET", path: "~/jsonp?c=x" },
      { method: "POST", path: "~/jsonp_send", headers: { "Content-Type": "text/plain" }, body: '["a"]' },
    ],
    deviations: [quiet],
  },
  ...["d=", "", "x=1", "d=%5B%22a"].map((body): Exchange => ({
    name: `the form ${body}`,
    steps: [{ method: "GET", path: "~/jsonp?c=x" }, form(body)],
    deviations: [quiet, typed],
  })),
  { name: "a form to no session", steps: [form("d=%5B%22a%22%5D")], deviations: [refusal] },
  { name: "another method", steps: [{ method: "PUT", path: "/info" }], deviations: [refusal] },
]

async function take(service: string, session: string, { method, path, headers, body }: Step) {
  const response = await fetch(path.startsWith("~") ? session + path.slice(1) : service + path, {
    method,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  const { date: _, ...named } = Object.fromEntries(response.headers)
  return {
    ...named,
    status: response.status,
    body: text.replace(/"entropy":\d+/, '"entropy":0'),
  }
}

async function exchange(service: string, steps: readonly Step[]) {
  const session = freshSession(service)
  let seen: Readonly<Record<Field, unknown>> = {}
  for (const step of steps) seen = await take(service, session, step)
  return seen
}

/** Where a field was seen to differ, as it is listed. */
const met = new Set<string>()

describe("beside the SockJS server of npm", () => {
  let server: OwnServer
  let ours: string
  let theirs: string
  let child: Bun.Subprocess<"ignore", "pipe", "inherit">
  beforeAll(async () => {
    server = await startSockJs({ sockjs: { ...services, oldTransports: true } })
    ours = `${server.base}/echo`
    child = Bun.spawn(["node", "--no-deprecation", join(import.meta.dir, "oracle-on-node.mjs")], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    })
    const reader = child.stdout.getReader()
    theirs = `http://127.0.0.1:${new TextDecoder().decode((await reader.read()).value).trim()}/echo`
  })
  afterAll(async () => {
    child.kill()
    await server[Symbol.asyncDispose]()
  })

  for (const { name, steps, deviations = [] } of exchanges)
    test(`[J2] [J4] [J5] [J12] ${name} is alike${deviations.map(({ why }) => `, but: ${why}`).join("")}`, async () => {
      const [mine, known] = [await exchange(ours, steps), await exchange(theirs, steps)]
      const fields = new Set([...Object.keys(mine), ...Object.keys(known)])
      const differs = [...fields].filter((field) => mine[field] !== known[field])
      for (const deviation of [...everywhere, ...deviations])
        for (const field of deviation.fields)
          if (differs.includes(field)) met.add(`${field}: ${deviation.why}`)
      // One that is none any more is to be taken off the list.
      for (const { fields: some, why } of deviations)
        expect([why, some.some((field) => differs.includes(field))]).toEqual([why, true])
      const apart = [...everywhere, ...deviations].flatMap((deviation) => deviation.fields)
      expect(
        differs.filter((field) => !apart.includes(field)).map((field) => [field, mine[field], known[field]]),
      ).toEqual([])
    })

  test("what is listed as different is, each field of it somewhere", () => {
    const listed = new Set([...everywhere, ...exchanges.flatMap(({ deviations = [] }) => deviations)])
    const all = [...listed].flatMap(({ fields, why }) => fields.map((field) => `${field}: ${why}`))
    expect([...met].toSorted()).toEqual(all.toSorted())
  })

  for (const [transport, method, frames] of [
    ["xhr_streaming", "POST", ["h".repeat(2048), "o", 'a["100%","\\n"]']],
    ["eventsource", "GET", ["o", 'a["100%25","\\n"]']],
  ] as const)
    test(`[J4] ${transport} is alike`, async () => {
      for (const service of [ours, theirs]) {
        const session = freshSession(service)
        await using stream = await openStream(`${session}/${transport}`, method)
        for (const frame of frames.slice(0, -1)) expect(await stream.frames.next()).toBe(frame)
        const step = sent('["100%","\\n"]')
        expect((await take(service, session, step)).status).toBe(204)
        // What came together leaves together here; there each message is a frame.
        let heard = await stream.frames.next()
        while (!heard.includes("\\n"))
          heard = heard.replace(/\]$/, ",") + (await stream.frames.next()).slice(2)
        expect(heard).toBe(frames.at(-1) as string)
      }
    })

  test("[J3] a WebSocket is alike, but: broken frames end with the number and name of our code", async () => {
    for (const [service, end] of [
      [ours, { code: 4003, reason: "bad_frame" }],
      [theirs, { code: 3000, reason: "Broken framing." }],
    ] as const) {
      await using one = await openSocket(`${freshSession(service)}/websocket`)
      expect(await one.frames.next()).toBe("o")
      one.send('["a"]')
      expect(await one.frames.next()).toBe('a["a"]')
      one.send("")
      one.send('"b"')
      expect(await one.frames.next()).toBe('a["b"]')
      one.send('["x')
      expect(await one.ended).toEqual(end)
    }
  })

  test("[J6] a second poll is alike", async () => {
    for (const service of [ours, theirs]) {
      const session = freshSession(service)
      await take(service, session, opened)
      const first = take(service, session, opened)
      await Bun.sleep(50)
      expect((await take(service, session, opened)).body).toBe('c[2010,"Another connection still open"]\n')
      await take(service, session, sent('["a"]'))
      expect((await first).body).toBe('a["a"]\n')
    }
  })

  test("[J7] after a poll that was cut: there another session opens by the same name, here the client is told", async () => {
    for (const [service, answer] of [
      [ours, 'c[1002,"Connection interrupted"]\n'],
      [theirs, "o\n"],
    ] as const) {
      const session = freshSession(service)
      await take(service, session, opened)
      const abort = new AbortController()
      const cut = fetch(`${session}/xhr`, { method: "POST", signal: abort.signal }).catch(() => undefined)
      await Bun.sleep(50)
      abort.abort()
      await cut
      await Bun.sleep(50)
      expect((await take(service, session, opened)).body).toBe(answer)
    }
  })
})
