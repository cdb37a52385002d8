import { expect, test } from "bun:test"
import fc from "fast-check"
import type { SourceMessage } from "../source.ts"
import { MessageRoute, type Outcome, type RouteConfig, routeProblems } from "./message-route.ts"

const encoder = new TextEncoder()

const source = { fields: ["queue"], topicSeparator: ".", registryFramed: true }

const config = (changes: Partial<RouteConfig> = {}): RouteConfig => ({
  to: ["/a"],
  connection: null,
  when: {},
  unless: {},
  data: null,
  type: null,
  id: null,
  ...changes,
})

interface Given extends Partial<Omit<SourceMessage, "body" | "key" | "headers">> {
  readonly body?: string | Uint8Array | null
  readonly key?: string | Uint8Array
  readonly headers?: Record<string, string | Uint8Array>
}

const bytes = (value: string | Uint8Array): Uint8Array =>
  typeof value === "string" ? encoder.encode(value) : value

function messageOf({ body = '{"n":1}', key, headers = {}, ...rest }: Given): SourceMessage {
  return {
    ...{ partition: "p", position: "1", topic: "orders", contentType: null, fields: {}, time: null },
    body: body === null ? null : bytes(body),
    key: key === undefined ? null : bytes(key),
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, bytes(value)])),
    ...rest,
  }
}

function outcomeOf(changes: Partial<RouteConfig>, given: Given): Outcome {
  const route = new MessageRoute(config(changes), source, {
    limits: { messageBytesMax: 1000 },
    checkName() {},
  })
  return route.outcomeOf(messageOf(given))
}

/** The channels, or why there are none. */
function channels(to: string | readonly string[], given: Given): readonly string[] | string {
  const outcome = outcomeOf({ to: typeof to === "string" ? [to] : to }, given)
  return outcome.kind === "publish"
    ? outcome.channels
    : outcome.kind === "at-fault"
      ? outcome.reason
      : "passed over"
}

test("names channels by JSON, key, headers, topic and what the kind of source knows", () => {
  const given: Given = {
    body: '{"user":{"id":42},"tags":["a","b"],"a.b":"c","big":12345678901234567890}',
    key: "k1",
    headers: { region: "eu" },
    topic: "orders.eu.new",
    fields: { queue: "q" },
  }
  expect(channels("/@{json.user.id}/x", given)).toEqual(["/@42/x"])
  expect(channels(["/{json.tags[1]}", '/{json["a.b"]}', "/{json.tags.0}"], given)).toEqual(["/b", "/c", "/a"])
  expect(channels("/{json.big}", given)).toEqual(["/12345678901234567890"])
  expect(channels("/{key}-{header.region}/{queue}", given)).toEqual(["/k1-eu/q"])
  expect(channels("/t/{topic}", given)).toEqual(["/t/orders.eu.new"])
  expect(channels("/t/{topic...}", given)).toEqual(["/t/orders/eu/new"])
})

test("[I6] reads nothing that is many times longer than what may be published, and says so", () => {
  const long = "x".repeat(20_000)
  const why = (outcome: Outcome) => (outcome.kind === "at-fault" ? outcome.reason : outcome.kind)
  const body = JSON.stringify({ n: 1, long })
  expect(why(outcomeOf({ data: "{json.n}" }, { body }))).toBe(
    "The body has 20017 bytes; at most 16000 are read.",
  )
  expect(channels("/{key}", { key: long })).toMatch(/^The key has 20000 bytes/)
  expect(channels("/{header.h}", { headers: { h: long } })).toMatch(/^The header "h" has 20000 bytes/)
  // What needs no look at it is as before: not meant, or longer than a message.
  expect(why(outcomeOf({ when: { "header.h": "yes" } }, { body }))).toBe("passed-over")
  const within = JSON.stringify({ n: 1, long: "x".repeat(15_000) })
  expect(why(outcomeOf({ data: "{json.n}" }, { body: within }))).toBe("publish")
})

test("[I3] keeps a value within its part, whatever it holds", () => {
  const at = (to: string, id: string) => channels(to, { body: JSON.stringify({ id }) })
  expect(at("/@{json.id}/s", "7/x")).toEqual(["/@7%252Fx/s"])
  expect(at("/@{json.id}/s", "me")).toEqual(["/@m%2565/s"])
  expect(at("/{json.id}/s", "@7")).toEqual(["/%25407/s"])
  expect(at("/{json.id}/s", "_")).toEqual(["/%255F/s"])
  expect(at("/a/{json.id}", "..")).toEqual(["/a/%252E."])
  expect(at("/a/{json.id}", "%2F")).toEqual(["/a/%25252F"])
  expect(at("/a/{json.id}", "a?b#c*\u0000")).toEqual(["/a/a%3Fb%23c%2A%2500"])
  expect(channels("/t/{topic...}", { topic: "a..b" })).toMatch(/is empty/)
  expect(channels("/t/{topic...}", { topic: "a./_.me" })).toEqual(["/t/a/%252F_/me"])
})

test("says what of a message makes it unfit", () => {
  const to = "/@{json.user}/x"
  expect(channels(to, { body: "{" })).toMatch(/not JSON: it breaks off/)
  expect(channels(to, { body: "{}" })).toBe("The message has no {json.user}.")
  expect(channels(to, { body: '{"user":null}' })).toBe("The message has no {json.user}.")
  expect(channels(to, { body: '{"user":[]}' })).toMatch(/is a list/)
  expect(channels(to, { body: '{"user":""}' })).toMatch(/is empty/)
  expect(channels(to, { body: '{"user":"\\ud800"}' })).toMatch(/surrogate/)
  expect(channels(to, { body: null })).toMatch(/tombstone/)
  expect(channels(to, { body: "" })).toBe("The body is empty.")
  expect(channels(to, { body: new Uint8Array([0xff]) })).toMatch(/not UTF-8/)
  expect(channels(to, { body: new Uint8Array([0, 0, 0, 0, 1, 123, 125]) })).toMatch(/schema registry/)
  expect(channels("/{key}", {})).toBe("The message has no {key}.")
  expect(channels("/{key}", { key: new Uint8Array([0xc3]) })).toBe("The key is not UTF-8.")
  expect(channels("/{key}", { key: "x".repeat(300) })).toMatch(/no channel's name.*longer than 255/)
  expect(channels(to, { body: JSON.stringify({ user: 1, x: "x".repeat(1000) }) })).toMatch(
    /at most 1000 bytes/,
  )
  expect(channels("/a", { broken: "The batch cannot be read." })).toBe("The batch cannot be read.")
  expect(channels("/a", { body: `${"[".repeat(500)}${"]".repeat(500)}` })).toEqual(["/a"])
  expect(channels(to, { body: `{"user":1,"x":${"[".repeat(500)}${"]".repeat(500)}}` })).toMatch(/nested/)
})

test("[I4] publishes the body as it came, or one JSON value of it as its sender wrote it", () => {
  const payload = (changes: Partial<RouteConfig>, given: Given) => {
    const outcome = outcomeOf(changes, given)
    return outcome.kind === "publish" ? [outcome.payload.type, outcome.payload.data] : outcome
  }
  const body = '{ "n": 1.00, "s": "\\u0041", "o": { "b" : 1e2, "a":[ ] } }'
  expect(payload({}, { body })).toEqual(["application/json", body])
  expect(payload({ data: "{json.o}" }, { body })).toEqual(["application/json", '{ "b" : 1e2, "a":[ ] }'])
  expect(payload({ data: "{json.n}" }, { body })).toEqual(["application/json", "1.00"])
  expect(payload({ data: "{json.s}", type: "text/plain" }, { body })).toEqual(["text/plain", "A"])
  expect(payload({ data: "{{n: {json.n}}}" }, { body })).toEqual(["text/plain", "{n: 1.00}"])
  expect(payload({}, { body: "hello" })).toEqual(["text/plain", "hello"])
  expect(payload({}, { body: new Uint8Array([1, 0xff]) })).toEqual([
    "application/octet-stream",
    new Uint8Array([1, 0xff]),
  ])
  expect(payload({}, { body: "<a/>", contentType: "Application/XML; charset=utf-8" })).toEqual([
    "application/xml",
    "<a/>",
  ])
  expect(payload({}, { body: "{", contentType: "application/json" })).toMatchObject({ kind: "at-fault" })
  expect(payload({}, { body: "x", contentType: "nonsense" })).toMatchObject({ kind: "at-fault" })
  expect(payload({ data: "{json.missing}" }, { body })).toMatchObject({ kind: "at-fault" })
})

test("passes over what is not meant, and sets aside what cannot be read for it", () => {
  const kind = (changes: Partial<RouteConfig>, given: Given) => outcomeOf(changes, given).kind
  const when = { "json.status": ["won", "lost"] }
  expect(kind({ when }, { body: '{"status":"won"}' })).toBe("publish")
  expect(kind({ when }, { body: '{"status":"open"}' })).toBe("passed-over")
  expect(kind({ when }, { body: "{}" })).toBe("passed-over")
  expect(kind({ when }, { body: "{" })).toBe("at-fault")
  expect(kind({ when: { "json.n": 1 } }, { body: '{"n":1.0}' })).toBe("publish")
  expect(kind({ when: { "json.n": true } }, { body: '{"n":true}' })).toBe("publish")
  expect(kind({ when: { "json.n": null } }, { body: "{}" })).toBe("publish")
  expect(kind({ when: { "header.x": "1" } }, { headers: { x: "1" } })).toBe("publish")
  expect(kind({ unless: { "json.n": [1, 2] } }, { body: '{"n":2}' })).toBe("passed-over")
  expect(kind({ unless: { "json.n": null } }, { body: '{"n":2}' })).toBe("publish")
})

test("finds the mistakes of templates, each with its key", () => {
  const problems = (changes: Partial<RouteConfig>) =>
    routeProblems(config(changes), source).map(({ key, message }) => `${key.join(".")} ${message}`)
  expect(problems({ to: ["orders"] })).toEqual(["to must begin with /"])
  expect(problems({ to: ["/a", "/{jason.x}"] })[0]).toMatch(
    /^to\.1 has \{jason\.x\}, which names nothing; there are/,
  )
  expect(problems({ to: ["/{json.x"] })[0]).toMatch(/without its \}/)
  expect(problems({ to: ["/a}"] })[0]).toMatch(/without its \{/)
  expect(problems({ to: ["/{topic...}"] })[0]).toMatch(/a part of its own before/)
  expect(problems({ to: ["/a/x-{topic...}"] })[0]).toMatch(/stands between slashes alone/)
  expect(problems({ to: ["/@me/{key}"] })[0]).toMatch(/whoever asks/)
  expect(problems({ to: ["/a//{key}"] })[0]).toMatch(/no channel's name/)
  expect(problems({ to: ["/_/{key}"] })[0]).toMatch(/no channel's name/)
  expect(problems({ to: [`/@${"x".repeat(250)}{key}`] })[0]).toMatch(/longer than a user may be/)
  expect(problems({ to: [`/${"x".repeat(5000)}`] })[0]).toMatch(/longer than 4096/)
  expect(problems({ to: ["/{json.a b}"] })[0]).toMatch(/no path/)
  expect(problems({ when: { "json.": "x" } })[0]).toMatch(/^when\.json\. has/)
  expect(problems({ id: "same" })[0]).toMatch(/^id names nothing/)
  expect(problems({ data: "{nothing}" })[0]).toMatch(/^data has/)
})

test("[I3] two values never lead to one name, and none leads out of its part", () => {
  const value = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    fc.stringMatching(/^[%/\\.@_meA-F0-9?#*~]{1,8}$/),
  )
  const shapes = ["/@{json.v}", "/{json.v}", "/a/{json.v}", "/a/x{json.v}y/b", "/@{json.v}/b"]
  fc.assert(
    fc.property(value, value, fc.constantFrom(...shapes), (one, other, to) => {
      const [first, second] = [one, other].map((v) => channels(to, { body: JSON.stringify({ v }) }))
      for (const name of [first, second]) {
        if (typeof name === "string") continue
        const parts = (name?.[0] ?? "").split("/")
        expect(parts).toHaveLength(to.split("/").length)
        expect(parts[1] === "@me" || parts[1] === "_").toBe(false)
        if (!to.startsWith("/@")) expect(parts[1]?.startsWith("@")).toBe(false)
      }
      if (one !== other && typeof first !== "string") expect(first).not.toEqual(second as readonly string[])
    }),
    { numRuns: 2000 },
  )
})

test("no template and no message throws anything but what it should", () => {
  const text = fc.oneof(fc.string({ maxLength: 30 }), fc.stringMatching(/^[/{}a-z.[\]"0-9\\@]{0,30}$/))
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.json().map((one) => encoder.encode(one)),
  )
  fc.assert(
    fc.property(text, text, body, (to, data, given) => {
      const changes = config({ to: [to], data })
      if (routeProblems(changes, source).length > 0) return
      const outcome = outcomeOf(changes, { body: given, key: "k" })
      if (outcome.kind === "at-fault")
        expect(outcome.reason).not.toMatch(/could not be read: (Type|Range|Syntax)/)
    }),
    { numRuns: 3000 },
  )
})
