// What a refusal says beside its code: which bound was met, by its name, and when to come back. One code stands for
// several bounds, so each is met here once, on every road that leads to it.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import type { ServeOptions } from "../../src/server/index.ts"
import type { ClientFrame, ErrorFacts } from "../../wire/frames.ts"
import type { LimitName, Limits } from "../../wire/limits.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { bearing, secret, shop, startGuarded, tokenFor } from "./guarded.ts"
import { handshakeHeaders } from "../support/websocket-frames.ts"

setDefaultTimeout(30_000)

const options: ServeOptions = {
  proxies: ["127.0.0.1"],
  tokens: { secret, inQuery: true },
  channels: { "/**": { listen: "anyone", publish: "anyone" } },
}
const via = { "X-Forwarded-For": "203.0.113.7" }

/** One in 100 seconds: what is refused does not depend on how fast the test is. */
const seldom = 0.01

interface Met {
  readonly limit: LimitName
  readonly limits: Partial<Limits>
  readonly code: string
  /** Asked until it is refused, at most three times; all answers stay open. */
  readonly ask: (base: string) => Promise<Response>
}

const listen = (headers: Record<string, string>) => (base: string) =>
  fetch(`${base}/c`, { headers: { ...headers, Accept: "text/event-stream" } })

const publish = (headers: Record<string, string>) => (base: string) =>
  fetch(`${base}/c`, { method: "POST", body: "x", headers })

const met: readonly Met[] = [
  { limit: "connectionsMax", limits: { connectionsMax: 1 }, code: "too_many_connections", ask: listen({}) },
  {
    limit: "connectionsPerAddressMax",
    limits: { connectionsPerAddressMax: 1 },
    code: "too_many_connections",
    ask: listen(via),
  },
  {
    limit: "connectionsPerUserMax",
    limits: { connectionsPerUserMax: 1 },
    code: "too_many_connections",
    ask: async (base) => listen(bearing(await tokenFor("1001")))(base),
  },
  {
    limit: "connectsPerAddressPerSecond",
    limits: { connectsPerAddressPerSecond: seldom, connectWaitSecondsMax: 1 },
    code: "too_many_requests",
    ask: listen(via),
  },
  {
    limit: "connectsWaitingMax",
    limits: { connectsPerAddressPerSecond: seldom, connectsWaitingMax: 0 },
    code: "too_many_requests",
    ask: listen(via),
  },
  {
    limit: "publishesPerKeyPerSecond",
    limits: { publishesPerKeyPerSecond: seldom },
    code: "too_many_requests",
    ask: publish(bearing(shop.text)),
  },
  {
    limit: "publishesPerUserPerSecond",
    limits: { publishesPerUserPerSecond: seldom },
    code: "too_many_requests",
    ask: async (base) => publish(bearing(await tokenFor("1001")))(base),
  },
  {
    limit: "publishesPerAddressPerSecond",
    limits: { publishesPerAddressPerSecond: seldom },
    code: "too_many_requests",
    ask: publish(via),
  },
  {
    limit: "publishesPerChannelPerSecond",
    limits: { publishesPerChannelPerSecond: seldom },
    code: "too_many_requests",
    ask: publish({}),
  },
  {
    limit: "pollsWaitingMax",
    limits: { pollsWaitingMax: 0 },
    code: "too_many_polls",
    ask: (base) => fetch(`${base}/c?wait=25`),
  },
  {
    limit: "channelsPerConnectionMax",
    limits: { channelsPerConnectionMax: 1 },
    code: "too_many_channels",
    ask: (base) => fetch(`${base}/_/poll?channel=/a&channel=/b`),
  },
]

describe("[E8] a refused request names the bound that was met", () => {
  for (const { limit, limits, code, ask } of met) {
    test(limit, async () => {
      await using server = await startGuarded({ ...options, limits })
      const open: Response[] = []
      let answer = await ask(server.base)
      while (answer.ok && open.length < 3) {
        open.push(answer)
        answer = await ask(server.base)
      }
      const problem = (await answer.json()) as ErrorFacts
      expect(problem).toMatchObject({ code, limit })
      // The header's number, for who reads the body alone. A list that is too long is so tomorrow as well.
      expect(answer.headers.get("retry-after")).toBe(
        problem.retryAfter === undefined ? null : String(problem.retryAfter),
      )
      if (code !== "too_many_channels") expect(problem.retryAfter).toBeGreaterThan(0)
      for (const one of open) await one.body?.cancel()
    })
  }
})

describe("[L18, E7, E8] an error frame says when to come back, and names the bound", () => {
  const frames: readonly (readonly [LimitName, string, ClientFrame])[] = [
    ["subscribesPerConnectionPerSecond", "too_many_requests", { op: "subscribe", channel: "/a" }],
    ["subscribesPerConnectionPerSecond", "too_many_requests", { op: "presence", channel: "/@me/a" }],
    ["publishesPerChannelPerSecond", "too_many_requests", { op: "publish", channel: "/a", data: 1 }],
    ["publishesPerUserPerSecond", "too_many_requests", { op: "publish", channel: "/b", data: 1 }],
  ]
  for (const [limit, code, frame] of frames) {
    test(`${limit}, at a ${frame.op}`, async () => {
      await using server = await startGuarded({
        ...options,
        channels: { ...options.channels, "/@*/**": { presence: true } },
        limits: { [limit]: seldom },
      })
      await using client = await connectByLaba(`${server.base}/_/ws?token=${await tokenFor("1001")}`)
      for (const ref of [1, 2]) client.send({ ...frame, ref })
      const error = await client.frame("error")
      expect(error).toMatchObject({ ref: expect.any(Number) as unknown, code, limit })
      expect(error.retryAfter).toBeGreaterThan(1)
    })
  }

  test("connectionsPerUserMax, at a token", async () => {
    await using server = await startGuarded({ ...options, limits: { connectionsPerUserMax: 1 } })
    await using first = await connectByLaba(`${server.base}/_/ws?token=${await tokenFor("1001")}`)
    await first.frame("hello")
    await using second = await connectByLaba(`${server.base}/_/ws`)
    second.send({ op: "token", ref: 1, token: await tokenFor("1001") })
    expect(await second.frame("error")).toMatchObject({
      ref: 1,
      code: "too_many_connections",
      limit: "connectionsPerUserMax",
      retryAfter: 5,
    })
  })

  test("channelsPerConnectionMax, and no time: the same again is refused again", async () => {
    await using server = await startGuarded({ ...options, limits: { channelsPerConnectionMax: 1 } })
    await using client = await connectByLaba(`${server.base}/a`)
    client.send({ op: "subscribe", ref: 1, channel: "/b" })
    const error = await client.frame("error")
    expect(error).toMatchObject({ ref: 1, code: "too_many_channels", limit: "channelsPerConnectionMax" })
    expect(error.retryAfter).toBeUndefined()
  })
})

test("[E8] a handshake that is refused names the bound too", async () => {
  await using server = await startGuarded({ ...options, limits: { connectionsMax: 1 } })
  await using client = await connectByLaba(`${server.base}/c`)
  await client.frame("hello")
  await using connection = await RawConnection.open(server.base)
  connection.request("GET /c", [`Host: ${new URL(server.base).host}`, ...handshakeHeaders])
  const answer = await connection.answer()
  expect(JSON.parse(answer?.body ?? "")).toMatchObject({ limit: "connectionsMax", retryAfter: 5 })
})
