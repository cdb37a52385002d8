import { expect, test } from "bun:test"
import fc from "fast-check"
import { answerChannelsMax, answerMessagesMax, readAnswer, stateBytesMax } from "./laba-answer.ts"
import { BackendFailure, Refusal } from "../delivery/backend-failure.ts"
import { labaDialect } from "./laba-dialect.ts"
import {
  askKinds,
  type Dialect,
  type HookConfig,
  type HookResponse,
  type Delivery,
  notificationKinds,
} from "../remote.ts"
import { tencentDialect } from "./tencent-dialect.ts"

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value))

const kind = fc.constantFrom(...askKinds, ...notificationKinds)
const text = (max: number) =>
  fc.string({ unit: "grapheme", minLength: 1, maxLength: max }).filter((one) => one.length <= max)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const message = fc.record(
  {
    channel: text(20),
    // No name in it that is the message's own.
    data: fc
      .oneof(fc.integer(), fc.string(), fc.array(fc.jsonValue()))
      .filter((value) => !JSON.stringify(value).includes('"data"')),
    type: fc.constantFrom("text/plain", "application/json"),
    key: text(20),
  },
  { requiredKeys: ["data"] },
)

/** What is to be published stays the text that the backend sent. */
function asText(this: unknown, name: string, value: unknown): unknown {
  return name === "data" ? JSON.stringify(value) : value
}

test("what a backend may say is understood", () => {
  const answer = fc.record({
    user: optional(text(30)),
    channels: optional(fc.array(text(20), { maxLength: 5 })),
    subprotocol: optional(text(20)),
    state: optional(fc.option(text(100))),
    reply: optional(text(50)),
    publish: optional(fc.oneof(fc.boolean(), message, fc.array(message, { maxLength: 5 }))),
  })
  fc.assert(
    fc.property(answer, (given) => {
      const read = readAnswer("register", bytes(given))
      const { publish, ...rest } = JSON.parse(JSON.stringify(given), asText) as Record<string, unknown>
      const list = publish === undefined || typeof publish === "boolean" || Array.isArray(publish)
      expect(JSON.parse(JSON.stringify(read))).toEqual({
        ...rest,
        ...(publish !== undefined && { publish: list ? publish : [publish] }),
      })
    }),
  )
})

/** Mostly like an answer, never quite. */
const almost = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map(bytes),
  fc
    .dictionary(
      fc.constantFrom(
        "user",
        "channels",
        "subprotocol",
        "state",
        "reply",
        "publish",
        "errNo",
        "errMsg",
        "websocket",
        "__proto__",
      ),
      fc.jsonValue({ maxDepth: 3 }),
    )
    .map(bytes),
  fc.constant(bytes({ publish: Array.from({ length: answerMessagesMax + 1 }, () => ({ data: 1 })) })),
)

test("whatever a backend sends, it is an answer or a failure of the backend, never one of ours", () => {
  fc.assert(
    fc.property(kind, almost, (which, body) => {
      try {
        const { state, channels = [], publish } = readAnswer(which, body)
        if (typeof state === "string") expect(bytes(state).length).toBeLessThanOrEqual(stateBytesMax)
        expect(channels.length).toBeLessThanOrEqual(answerChannelsMax)
        if (Array.isArray(publish)) expect(publish.length).toBeLessThanOrEqual(answerMessagesMax)
      } catch (error) {
        expect(error).toBeInstanceOf(BackendFailure)
      }
    }),
    { numRuns: 1000 },
  )
}, 60_000)

const delivery = (which: "register" | "transport"): Delivery =>
  ({ id: "n/register", time: 0, event: { kind: which, connection: "n-1-x" } }) as unknown as Delivery

test("any status with any body is an answer, a refusal or a failure, in both dialects", () => {
  const response = fc.record({
    status: fc.oneof(fc.integer({ min: 200, max: 599 }), fc.constantFrom(200, 204, 401, 403, 429)),
    headers: fc.constantFrom(
      new Headers(),
      new Headers({ "content-type": "text/plain", "retry-after": "3" }),
      new Headers({
        "content-type": "application/problem+json",
        "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT",
      }),
    ),
    body: almost,
  })
  for (const dialect of [labaDialect, tencentDialect] as Dialect[]) {
    fc.assert(
      fc.property(fc.constantFrom("register" as const, "transport" as const), response, (which, given) => {
        try {
          dialect.read(delivery(which), given)
          expect(given.status).toBeLessThan(300)
        } catch (error) {
          expect(error instanceof BackendFailure || error instanceof Refusal).toBe(true)
          if (error instanceof Refusal) expect(error.detail.length).toBeLessThanOrEqual(300)
        }
      }),
      { numRuns: 500 },
    )
  }
}, 60_000)

const answered = (status: number, headers: Record<string, string> = {}): HookResponse => ({
  status,
  headers: new Headers(headers),
  body: new Uint8Array(),
})

test("[H14, H15] any 2xx takes an end in either dialect, and nothing else does", () => {
  const ending = { id: "n-1-x/unregister", time: 0, event: { kind: "unregister" } } as unknown as Delivery
  for (const dialect of [labaDialect, tencentDialect] as Dialect[]) {
    for (const status of [200, 202, 204, 299]) expect(dialect.read(ending, answered(status))).toEqual({})
    for (const status of [199, 302, 404, 500])
      expect(() => dialect.read(ending, answered(status))).toThrow(BackendFailure)
  }
})

test("a backend that says until when is believed, by seconds and by date, in refusals and in failures", () => {
  const date = "Wed, 21 Oct 2026 07:28:00 GMT"
  for (const until of [{ "retry-after": "30" }, { "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", date }]) {
    for (const status of [429, 503]) {
      const thrown = (() => {
        try {
          return labaDialect.read(delivery("register"), answered(status, until as Record<string, string>))
        } catch (error) {
          return error as Refusal | BackendFailure
        }
      })()
      expect([until, status, thrown]).toMatchObject([until, status, { retryAfterSeconds: 30 }])
    }
  }
})

test("the dialect tencent refuses to be asked what it has no word for", () => {
  const event = { kind: "subscribe" } as unknown as Delivery["event"]
  expect(() => tencentDialect.write({ id: "x", time: 0, event }, {} as HookConfig)).toThrow("no word")
  expect(tencentDialect.speaks.has("subscribe")).toBe(false)
})
