import { describe, expect, test } from "bun:test"
import { verifySignature } from "../hooks/signature.ts"
import { RetryLater, type CloudEvent, postEvent, type PostEventOptions } from "./cloud-event.ts"
import { eventOf, payloadOf, variablesOf } from "./message-event.ts"
import { NeverAgain } from "./reaction.ts"
import { webhookHeaders } from "./webhook-signature.ts"

const message = {
  channel: "/orders/42",
  cursor: "e-1",
  id: "m1",
  time: Date.UTC(2026, 10, 21, 12),
  type: "application/json",
  data: { state: "paid" },
  text: '{"state":"paid"}',
}

const event: CloudEvent = eventOf(message, 2)

async function calling(answer: Response | Error, options: Partial<PostEventOptions> = {}) {
  const sent: { url: string; init: RequestInit }[] = []
  const done = postEvent(event, {
    url: "https://shop.example/hook?secret=x",
    timeoutMs: 1000,
    fetch: async (url, init) => {
      sent.push({ url, init })
      if (answer instanceof Error) throw answer
      return answer
    },
    ...options,
  })
  return {
    error: await done.catch((error: unknown) => error),
    headers: new Headers(sent[0]?.init.headers),
    sent,
  }
}

describe("a call", () => {
  test("has the facts in CloudEvents' headers and the payload as its body", async () => {
    const { error, headers, sent } = await calling(new Response(null, { status: 204 }))
    expect(error).toBeUndefined()
    expect(Object.fromEntries(headers)).toEqual({
      "content-type": "application/json",
      "user-agent": "laba",
      "ce-specversion": "1.0",
      "ce-id": "m1",
      "ce-type": "laba.message",
      "ce-source": "/orders/42",
      "ce-time": "2026-11-21T12:00:00.000Z",
      "ce-cursor": "e-1",
      "ce-attempt": "2",
    })
    expect(sent[0]?.init.body).toBe('{"state":"paid"}')
    expect(sent[0]?.init.redirect).toBe("manual")
  })

  test("is signed over its id, its time and its body when there is a secret", async () => {
    const { headers } = await calling(new Response(null), { secret: "s", now: () => 1_614_265_330_999 })
    const signed = webhookHeaders("s", { id: "m1", seconds: 1_614_265_330, body: '{"state":"paid"}' })
    expect(Object.fromEntries(headers)).toMatchObject(signed)
    const given = { headers, body: '{"state":"paid"}' }
    const when = { secret: "s", nowMs: 1_614_265_330_999 }
    expect(verifySignature(given, when)).toBe(true)
    expect(verifySignature({ ...given, body: '{"state":"free"}' }, when)).toBe(false)
  })

  test("fails by what the answer means: never, later, or again", async () => {
    for (const status of [400, 410, 413, 415, 422])
      expect((await calling(new Response("bad", { status }))).error).toBeInstanceOf(NeverAgain)
    for (const status of [302, 401, 404, 408, 429, 500, 503]) {
      const { error } = await calling(new Response("no\nmore", { status }))
      expect(error).not.toBeInstanceOf(NeverAgain)
      expect((error as Error).message).toBe(`shop.example answered ${status}: no`)
    }
    const later = await calling(new Response("", { status: 429, headers: { "retry-after": "7" } }))
    expect(later.error).toBeInstanceOf(RetryLater)
    expect((later.error as RetryLater).waitMs).toBe(7_000)
    const date = await calling(
      new Response("", {
        status: 503,
        headers: { "retry-after": "Mon, 30 Nov 2026 12:01:30 GMT", date: "Mon, 30 Nov 2026 12:00:00 GMT" },
      }),
    )
    expect((date.error as RetryLater).waitMs).toBe(90_000)
    for (const text of ["1e9", "0x10", "soon", "Mon, 30 Nov 2020 12:00:00 GMT"]) {
      const { error } = await calling(new Response("", { status: 503, headers: { "retry-after": text } }))
      expect(error).not.toBeInstanceOf(RetryLater)
    }
    expect((await calling(new TypeError("refused"))).error).toBeInstanceOf(TypeError)
  })
})

test("a signature is the one of the scheme's own example", () => {
  // github.com/standard-webhooks/standard-webhooks, libraries' test vector.
  const headers = webhookHeaders("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    seconds: 1614265330,
    body: '{"test": 2432232314}',
  })
  expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
})

test("a payload is what was published, and its facts are variables", () => {
  const text = "$(rm -rf /)"
  expect(payloadOf({ ...message, type: "text/plain", data: text, text })).toBe(text)
  const bytes = new Uint8Array([0, 1, 255])
  expect(payloadOf({ ...message, type: "image/png", data: bytes, text: null })).toBe(bytes)
  const json = '{"order": 12345678901234567890, "total": 10.00}'
  expect(payloadOf({ ...message, data: JSON.parse(json), text: json })).toBe(json)
  expect(variablesOf(message, 3)).toEqual({
    LABA_CHANNEL: "/orders/42",
    LABA_CURSOR: "e-1",
    LABA_ID: "m1",
    LABA_TIME: "2026-11-21T12:00:00.000Z",
    LABA_TYPE: "application/json",
    LABA_ATTEMPT: "3",
  })
})
