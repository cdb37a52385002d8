// Floods of connects, subscribes, names and publishes: each is refused or made to wait, costs a bounded amount, and is
// counted. The flood comes from one address through a trusted proxy, since this machine's own are not counted.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { bearing, codeOf, handshakeAt, secret, shop, startGuarded, tokenFor } from "./guarded.ts"

setDefaultTimeout(30_000)

const open = { "/**": { listen: "anyone", publish: "anyone" } } as const
const behindProxy = { proxies: ["127.0.0.1"], channels: open } as const
const via = (address: string) => ({ "X-Forwarded-For": address })

const listening = (base: string, address: string) =>
  fetch(`${base}/c`, { headers: { ...via(address), Accept: "text/event-stream" } })

describe("[A12] connections", () => {
  test("in all are bounded, with a code and a time to come back", async () => {
    await using server = await startGuarded({ channels: open, limits: { connectionsMax: 2 } })
    const inside = [await listening(server.base, ""), await listening(server.base, "")]
    const refused = await listening(server.base, "")
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"])
    expect(await codeOf(refused)).toBe("too_many_connections")
    expect((await handshakeAt(server.base, "/c")).code).toBe("too_many_connections")
    expect(server.laba.counters.requestsRefused.get("too_many_connections")).toBe(2)
    // What needs no place goes on.
    expect((await fetch(`${server.base}/c`, { method: "POST", body: "x" })).status).toBe(201)
    await inside[0]?.body?.cancel()
    for (let status = 503; status !== 200;) {
      const again = await listening(server.base, "")
      status = again.status
      if (status !== 200) await again.body?.cancel()
    }
  })

  test("of an address are bounded, and others are not hurt", async () => {
    await using server = await startGuarded({ ...behindProxy, limits: { connectionsPerAddressMax: 3 } })
    // Held to the end: a stream that is garbage would be cancelled, and its place be free.
    const inside: Response[] = []
    for (let i = 0; i < 3; i++) inside.push(await listening(server.base, "203.0.113.7"))
    expect(await codeOf(await listening(server.base, "203.0.113.7"))).toBe("too_many_connections")
    // What the client itself wrote to the left of the proxy's word is not believed.
    expect(await codeOf(await listening(server.base, "198.51.100.1, 203.0.113.7"))).toBe(
      "too_many_connections",
    )
    expect((await listening(server.base, "203.0.113.8")).status).toBe(200)
    // A subscriber with IPv6 has a whole /64.
    for (let i = 0; i < 3; i++) expect((await listening(server.base, `2001:db8::${i}`)).status).toBe(200)
    expect(await codeOf(await listening(server.base, "2001:db8:0:0:ffff::1"))).toBe("too_many_connections")
    expect((await listening(server.base, "2001:db8:0:1::1")).status).toBe(200)
    expect(inside.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test("of clients whose address the proxy does not know are bounded together", async () => {
    await using server = await startGuarded({ ...behindProxy, limits: { connectionsPerAddressMax: 2 } })
    for (const hops of ["unknown", "203.0.113.7, unknown"])
      expect((await listening(server.base, hops)).status).toBe(200)
    expect(await codeOf(await listening(server.base, "203.0.113.8, unknown"))).toBe("too_many_connections")
    expect((await listening(server.base, "203.0.113.7")).status).toBe(200)
    // The proxy itself, and programs here, are not.
    for (let i = 0; i < 3; i++) expect((await listening(server.base, "127.0.0.1")).status).toBe(200)
  })

  test("of an address are free again once they are gone", async () => {
    await using server = await startGuarded({ ...behindProxy, limits: { connectionsPerAddressMax: 1 } })
    for (let i = 0; i < 5; i++) {
      const response = await listening(server.base, "203.0.113.7")
      expect(response.status).toBe(200)
      await response.body?.cancel()
      for (;;) {
        const probe = await fetch(`${server.base}/c`, { method: "HEAD" })
        if (probe.headers.get("laba-listeners") === "0") break
      }
    }
  })

  test("of a user are bounded, wherever they come from", async () => {
    await using server = await startGuarded({
      tokens: { secret, inQuery: true },
      proxies: ["127.0.0.1"],
      limits: { connectionsPerUserMax: 2 },
    })
    const url = `${server.base}/_/ws?token=${await tokenFor("1001")}`
    await using one = await connectByLaba(url)
    await using two = await connectByLaba(url)
    await Promise.all([one.frame("hello"), two.frame("hello")])
    const third = await handshakeAt(server.base, "/@me/x", [
      `Authorization: Bearer ${await tokenFor("1001")}`,
      "X-Forwarded-For: 203.0.113.9",
    ])
    expect(third.code).toBe("too_many_connections")
    // Who says later who they are is counted as well.
    await using later = await connectByLaba(`${server.base}/_/ws`)
    later.send({ op: "token", ref: 1, token: await tokenFor("1001") })
    expect(await later.frame("error")).toMatchObject({ ref: 1, code: "too_many_connections" })
  })

  test("that come too fast wait for their turn, and are refused only beyond a bound", async () => {
    await using server = await startGuarded({
      ...behindProxy,
      limits: { connectsPerAddressPerSecond: 5, connectWaitSecondsMax: 1 },
    })
    const began = performance.now()
    let lastRefusedMs = 0
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const answer = await listening(server.base, "203.0.113.7")
        if (!answer.ok) lastRefusedMs = performance.now() - began
        return answer
      }),
    )
    const [inside, refused] = [answers.filter(({ ok }) => ok), answers.filter(({ ok }) => !ok)]
    // Five at once, five within the second that one may wait, and five more for each second that a busy machine took to ask.
    expect(inside.length).toBeWithin(10, 11 + (5 * lastRefusedMs) / 1000)
    expect(performance.now() - began).toBeGreaterThan(700)
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 429))
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(server.laba.counters.requestsRefused.get("too_many_requests")).toBe(refused.length)
    expect((await listening(server.base, "203.0.113.8")).status).toBe(200)
  })

  test("that wait are bounded too", async () => {
    await using server = await startGuarded({
      ...behindProxy,
      limits: { connectsPerAddressPerSecond: 1, connectWaitSecondsMax: 2, connectsWaitingMax: 1 },
    })
    const answers = await Promise.all(Array.from({ length: 5 }, () => listening(server.base, "203.0.113.7")))
    expect(answers.filter(({ ok }) => ok).length).toBe(2)
  })
})

describe("[A12] polls that wait", () => {
  const poll = (base: string, headers: Record<string, string>, path = "/c?wait=25") =>
    fetch(base + path, { headers })
  const many = `/_/poll?channel=/c&channel=/d&wait=25`

  /** Until so many wait: a poll that is held says nothing. */
  async function waiting(base: string, count: number): Promise<void> {
    for (;;) {
      const probe = await fetch(`${base}/c`, { method: "HEAD", headers: bearing(shop.text) })
      if (probe.headers.get("laba-listeners") === String(count)) return
    }
  }

  test("are bounded by address as its connections are and together with them, and others are not hurt", async () => {
    await using server = await startGuarded({ ...behindProxy, limits: { connectionsPerAddressMax: 3 } })
    const stream = await listening(server.base, "203.0.113.7")
    const held = [poll(server.base, via("203.0.113.7")), poll(server.base, via("203.0.113.7"), many)]
    await waiting(server.base, 3)
    expect(await codeOf(await poll(server.base, via("203.0.113.7")))).toBe("too_many_connections")
    expect(await codeOf(await poll(server.base, via("203.0.113.7"), many))).toBe("too_many_connections")
    expect(await codeOf(await listening(server.base, "203.0.113.7"))).toBe("too_many_connections")
    expect(server.laba.counters.requestsRefused.get("too_many_connections")).toBe(3)
    // Who does not wait takes no place, and another address has its own.
    expect((await poll(server.base, via("203.0.113.7"), "/c")).status).toBe(204)
    const other = poll(server.base, via("203.0.113.8"))
    await waiting(server.base, 4)
    expect((await fetch(`${server.base}/c`, { method: "POST", body: "x" })).status).toBe(201)
    for (const one of [...held, other]) expect(await codeOf(await one)).toBe("let in")
    // What was answered has left its place.
    const again = [poll(server.base, via("203.0.113.7")), poll(server.base, via("203.0.113.7"))]
    await waiting(server.base, 3)
    expect(await codeOf(await poll(server.base, via("203.0.113.7")))).toBe("too_many_connections")
    await fetch(`${server.base}/c`, { method: "POST", body: "y" })
    for (const one of again) expect(await codeOf(await one)).toBe("let in")
    await stream.body?.cancel()
  })

  test("are free again when who waited has hung up", async () => {
    await using server = await startGuarded({ ...behindProxy, limits: { connectionsPerAddressMax: 1 } })
    for (let round = 0; round < 3; round++) {
      const abort = new AbortController()
      const held = fetch(`${server.base}/c?wait=25`, { headers: via("203.0.113.7"), signal: abort.signal })
      await waiting(server.base, 1)
      abort.abort()
      await held.catch(() => null)
      await waiting(server.base, 0)
    }
  })

  for (const asked of [false, true]) {
    test(`are bounded by user together with the connections${asked ? ", where the application is asked too" : ""}`, async () => {
      await using server = await startGuarded({
        limits: { connectionsPerUserMax: 2 },
        channels: { "/**": { listen: "token", publish: "key" } },
        ...(asked && { onConnect: () => undefined }),
      })
      const ann = bearing(await tokenFor("1001"))
      const stream = await fetch(`${server.base}/c`, { headers: { ...ann, Accept: "text/event-stream" } })
      const held = poll(server.base, ann)
      await waiting(server.base, 2)
      expect(await codeOf(await poll(server.base, ann))).toBe("too_many_connections")
      expect((await handshakeAt(server.base, "/c", [`Authorization: ${ann["Authorization"]}`])).code).toBe(
        "too_many_connections",
      )
      const other = poll(server.base, bearing(await tokenFor("1002")))
      await waiting(server.base, 3)
      await fetch(`${server.base}/c`, { method: "POST", body: "x", headers: bearing(shop.text) })
      expect([await codeOf(await held), await codeOf(await other)]).toEqual(["let in", "let in"])
      await stream.body?.cancel()
    })
  }
})

describe("[A12] publishes", () => {
  const post = (base: string, headers: Record<string, string> = {}, path = "/c") =>
    fetch(base + path, { method: "POST", body: "x", headers })

  async function flood(count: number, send: () => Promise<Response>): Promise<Record<number, number>> {
    const statuses: Record<number, number> = {}
    for (let i = 0; i < count; i++) {
      const response = await send()
      statuses[response.status] = (statuses[response.status] ?? 0) + 1
      if (response.status === 429) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
    }
    return statuses
  }

  // A rate of one in 100 seconds: what is let through does not depend on how fast the test is.
  const seldom = 0.01

  test("with a key, by a user, from an address and to a channel are bounded apart", async () => {
    await using server = await startGuarded({
      ...behindProxy,
      limits: {
        publishesPerKeyPerSecond: seldom,
        publishesPerUserPerSecond: seldom,
        publishesPerAddressPerSecond: seldom,
      },
    })
    const token = await tokenFor("1001")
    const other = bearing(await tokenFor("1002"))
    for (const headers of [bearing(shop.text), bearing(token), via("203.0.113.7"), via("203.0.113.8")]) {
      expect(await flood(3, () => post(server.base, headers))).toEqual({ 201: 1, 429: 2 })
    }
    // Another user from the same address, and the machine's own programs, are nobody's business.
    expect(await flood(1, () => post(server.base, { ...other, ...via("203.0.113.7") }))).toEqual({ 201: 1 })
    expect(await flood(5, () => post(server.base))).toEqual({ 201: 5 })
    expect(server.laba.counters.publishesRefused.get("too_many_requests")).toBe(8)
    await using narrow = await startGuarded({
      channels: open,
      limits: { publishesPerChannelPerSecond: seldom },
    })
    expect(await flood(3, () => post(narrow.base))).toEqual({ 201: 1, 429: 2 })
    expect(await flood(1, () => post(narrow.base, {}, "/d"))).toEqual({ 201: 1 })
  })

  test("over a connection are bounded by the same count", async () => {
    await using server = await startGuarded({
      tokens: { secret, inQuery: true },
      channels: open,
      limits: { publishesPerUserPerSecond: seldom },
    })
    const token = await tokenFor("1001")
    await using client = await connectByLaba(`${server.base}/_/ws?token=${token}`)
    client.send({ op: "publish", ref: 1, channel: "/c", data: 1 })
    expect(await client.frame("published")).toMatchObject({ ref: 1 })
    client.send({ op: "publish", ref: 2, channel: "/c", data: 1 })
    expect(await client.frame("error")).toMatchObject({ ref: 2, code: "too_many_requests" })
    expect(await flood(1, () => post(server.base, bearing(token)))).toEqual({ 429: 1 })
  })
})

test("subscribes on a connection are bounded, and the connection goes on", async () => {
  await using server = await startGuarded({
    channels: open,
    limits: { subscribesPerConnectionPerSecond: 0.01 },
  })
  await using client = await connectByLaba(`${server.base}/_/ws`)
  client.send({ op: "subscribe", ref: 1, channel: "/a" })
  client.send({ op: "subscribe", ref: 2, channel: "/b" })
  expect(await client.frame("subscribed")).toMatchObject({ ref: 1 })
  expect(await client.frame("error")).toMatchObject({ ref: 2, code: "too_many_requests" })
  client.send({ op: "unsubscribe", ref: 3, channel: "/a" })
  expect(await client.frame("unsubscribed")).toMatchObject({ ref: 3 })
  expect([...server.laba.counters.errorFrames]).toEqual([["too_many_requests", 1]])
})

test("what a conversation is refused is counted by its code, and so is its end", async () => {
  await using server = await startGuarded({ channels: { "/open/**": { listen: "anyone" } } })
  await using client = await connectByLaba(`${server.base}/_/ws`)
  const refused = [
    [{ op: "subscribe", channel: "/closed" }, "unauthorized"],
    [{ op: "presence", channel: "/closed" }, "unauthorized"],
    [{ op: "presence", channel: "/open/a" }, "unauthorized"],
    [{ op: "publish", channel: "/open/a", data: 1 }, "unauthorized"],
    [{ op: "subscribe", channel: "/a//b" }, "bad_channel"],
    [{ op: "subscribe", channel: "/open/a", after: "!" }, "bad_cursor"],
    [{ op: "token", token: "x" }, "unauthorized"],
    [{ op: "shout" }, "bad_frame"],
  ] as const
  for (const [ref, [frame, code]] of refused.entries()) {
    client.socket.send(JSON.stringify({ ...frame, ref }))
    expect(await client.frame("error")).toMatchObject({ ref, code })
  }
  client.socket.send("no frame at all")
  expect(await client.frame("error")).toMatchObject({ code: "bad_frame" })
  const { errorFrames, publishesRefused } = server.laba.counters
  expect(Object.fromEntries(errorFrames)).toEqual({
    unauthorized: 5,
    bad_channel: 1,
    bad_cursor: 1,
    bad_frame: 2,
  })
  expect(Object.fromEntries(publishesRefused)).toEqual({ unauthorized: 1 })
  const page = await fetch(`${server.base}/_/metrics`, { headers: bearing(shop.text) })
  expect(await page.text()).toContain('laba_error_frames_total{code="unauthorized"} 5')
})

test("names that nobody publishes to leave nothing behind, and those that are published to stay within the budget", async () => {
  await using server = await startGuarded({ channels: open, limits: { historyBytesMax: 100_000 } })
  const get = async (path: string) => (await fetch(server.base + path)).status
  for (let i = 0; i < 500; i++) expect(await get(`/flood/${i}`)).toBe(204)
  const figures = async () =>
    (await fetch(`${server.base}/_/metrics`, { headers: bearing(shop.text) })).text()
  const channels = Number(/^laba_channels_known (\d+)/m.exec(await figures())?.[1] ?? Number.NaN)
  expect(channels).toBe(0)
  for (let i = 0; i < 600; i++) {
    const answer = await fetch(`${server.base}/flood/${i}`, { method: "POST", body: "x".repeat(1000) })
    await answer.body?.cancel()
  }
  expect(server.laba.counters.historyTrimmed).toBeGreaterThan(400)
})

test("a crowd of slow requests holds nobody up", async () => {
  await using server = await startGuarded({ channels: open })
  const slow = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(server.base)))
  for (const connection of slow)
    connection.send(
      `POST /c HTTP/1.1\r\nHost: ${new URL(server.base).host}\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nx`,
    )
  for (let i = 0; i < 20; i++)
    expect((await fetch(`${server.base}/c`, { method: "POST", body: "x" })).status).toBe(201)
  expect(server.laba.counters.published).toBe(20)
  for (const connection of slow) await connection[Symbol.asyncDispose]()
})
