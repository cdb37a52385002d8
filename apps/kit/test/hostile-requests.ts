// Requests that nobody sends by accident, for the fuzz tests of the demos, and what every answer to one has to be.
import { expect } from "bun:test"
import fc from "fast-check"
import { askRaw, type RawAnswer } from "../../../test/support/raw-tcp.ts"

export interface HostileRequest {
  readonly method: string
  readonly path: string
  /** As they are sent, `Name: value`. */
  readonly headers: readonly string[]
  readonly body: string
}

interface Known {
  /** Addresses of the demo. A `*` stands for anything. */
  readonly paths: readonly string[]
  /** Bodies that are right, to be broken in one place. */
  readonly bodies: readonly Readonly<Record<string, unknown>>[]
  /** Headers that open doors: cookies of who has logged in. */
  readonly headers?: readonly string[]
}

/** So many requests a demo: some seconds. */
const requestsMax = 600

const methods = ["GET", "POST", "POST", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"] as const

/** What can stand in a header, without ending it. */
const headerText = fc.oneof(
  fc.constantFrom(
    "null",
    "",
    "*",
    "http://",
    "https://evil.example",
    "://",
    "\u00ff\u00fe",
    "a=b; c=",
    "W/",
    '"',
  ),
  fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\x20-\x7e\x80-\xff]/g, "?")),
)

const headerNames = [
  "Origin",
  "Sec-Fetch-Site",
  "Cookie",
  "Idempotency-Key",
  "If-None-Match",
  "Accept",
  "Laba-Signature",
  "Ce-User",
  "Ce-Connection",
  "WebHook-Request-Origin",
  "X-Forwarded-For",
  "Authorization",
  "Range",
] as const

const pathPart = fc.constantFrom(
  "%00",
  "%",
  "%ff%fe",
  "..",
  "-1",
  "0",
  "1e999",
  "99999999999999999999",
  "constructor",
  "__proto__",
  "mail",
  "retry",
  "add",
  "kill",
  "revive",
  "",
)

const types = [
  "application/json",
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "multipart/form-data; boundary=x",
  "",
] as const

/** Any JSON, with what is often forgotten more often than by chance. */
const anyJson = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    "",
    "\u0000",
    "\ud800",
    [],
    {},
    [null],
    "x".repeat(5000),
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

const pick = <Item>(items: readonly Item[]): fc.Arbitrary<Item> => fc.constantFrom(...items)

/** A right body with one field replaced, taken out or added. */
const brokenBody = (bodies: Known["bodies"]): fc.Arbitrary<string> =>
  fc
    .record({
      body: pick(bodies),
      at: fc.nat(20),
      value: fc.option(anyJson, { nil: undefined }),
      extra: fc.string(),
    })
    .map(({ body, at, value, extra }) => {
      const names = [...Object.keys(body), extra]
      const name = names[at % names.length] as string
      return JSON.stringify({ ...body, [name]: value }) ?? ""
    })

function requestOf({ paths, bodies, headers: keys = [] }: Known): fc.Arbitrary<HostileRequest> {
  const path = fc
    .tuple(
      pick([...paths, "/*", "//evil.example/*", "/api/*/*/*"]),
      fc.array(pathPart, { minLength: 5, maxLength: 5 }),
    )
    .map(([pattern, parts]) => {
      let next = 0
      return pattern.replaceAll("*", () => parts[next++] ?? "")
    })
  const body = fc.oneof(
    { weight: 3, arbitrary: brokenBody(bodies) },
    { weight: 3, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
    { weight: 1, arbitrary: pick(bodies).map((whole) => JSON.stringify(whole).slice(0, -2)) },
  )
  const strange = fc.tuple(pick(headerNames), headerText).map(([name, value]) => `${name}: ${value}`)
  return fc.record({
    method: pick(methods),
    path,
    headers: fc
      .tuple(
        fc.array(strange, { maxLength: 3 }),
        keys.length > 0 ? fc.option(pick(keys), { nil: "" }) : fc.constant(""),
        pick(types),
        fc.option(
          fc.constantFrom("Host: ", "Host: [", "Host: a b", "Host: %00", "Host: evil.example:99999"),
          {
            nil: "",
            freq: 12,
          },
        ),
      )
      .map(([some, key, type, host]) =>
        [...some, key, type && `Content-Type: ${type}`, host].filter(Boolean),
      ),
    body,
  })
}

/** Sends it as it is, on a connection of its own. Null when the connection was closed without an answer. */
export function send(
  url: string,
  { method, path, headers, body }: HostileRequest,
): Promise<RawAnswer | null> {
  const length = `Content-Length: ${new TextEncoder().encode(body).length}`
  return askRaw(url, {
    line: `${method} ${path}`,
    headers: [...headers, length, "Connection: close"],
    body: method === "HEAD" ? "" : body,
  })
}

/** Nothing of the inside: no stack, no path of a file, no page that explains the error to a programmer. */
export const insides =
  /\n\s+at |\.ts:\d|\b(?:Type|Range|Syntax|Reference|SQLite|Postgres)Error\b|\/(?:work|home|usr)\//

/** Sends many of them; each is answered, by no failure of ours, and tells nothing of the inside. */
export async function assertSturdy(
  url: string,
  known: Known,
  prepare: (request: HostileRequest) => HostileRequest = (request) => request,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(requestOf(known), async (made) => {
      const answer = await send(url, prepare(made))
      // A request line that is none is the HTTP server's to refuse, in its own way.
      if (answer === null) return
      expect(answer.status).toBeLessThan(500)
      if (!/javascript|css|svg/.test(answer.headers.get("content-type") ?? ""))
        expect(answer.body).not.toMatch(insides)
    }),
    { numRuns: requestsMax },
  )
}
