// Who may, at every door and in every word of a rule.
import { describe, expect, test } from "bun:test"
import { makeKey } from "../../src/access/credentials/keys.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { bearing, codeOf, credentials, doors, handshakeAt, shop, startGuarded, tokenFor } from "./guarded.ts"

const bar = makeKey("bar")
const keys = [
  ...credentials.keys,
  { name: "bar", sha256: bar.sha256, publish: ["/bar/**"], listen: ["/bar/**"] },
] as const

type Verdict = "let in" | "unauthorized" | "forbidden"

/** For each word: what nobody in particular, a token, the owner, a key with the scope and one without it are told. */
const table: readonly (readonly [
  who: "anyone" | "token" | "owner" | "key" | "nobody",
  ...verdicts: Verdict[],
])[] = [
  ["anyone", "let in", "let in", "let in", "let in", "let in"],
  ["token", "unauthorized", "let in", "let in", "let in", "forbidden"],
  ["owner", "unauthorized", "forbidden", "let in", "let in", "forbidden"],
  ["key", "unauthorized", "forbidden", "forbidden", "let in", "forbidden"],
  ["nobody", "forbidden", "forbidden", "forbidden", "forbidden", "forbidden"],
]

describe("[A5] a rule that says", () => {
  for (const [who, ...verdicts] of table) {
    test(`\`${who}\` lets in whom it names, at every door`, async () => {
      const rule = { listen: who, publish: who, manage: who } as const
      await using server = await startGuarded({ keys, channels: { "/@*/**": rule } })
      const visitors = [null, await tokenFor("1002"), await tokenFor("1001"), shop.text, bar.text]
      for (const door of doors) {
        const told = []
        for (const credential of visitors) told.push(await door.try(server.base, "/@1001/orders", credential))
        expect([door.name, ...told]).toEqual([door.name, ...verdicts])
      }
    })
  }

  test("nothing is the safe default: tokens listen, keys do the rest", async () => {
    await using server = await startGuarded()
    const token = await tokenFor("1001")
    for (const door of doors) {
      const told = [null, token, shop.text].map((credential) =>
        door.try(server.base, "/orders/42", credential),
      )
      const expected = ["unauthorized", door.action === "listen" ? "let in" : "forbidden", "let in"]
      expect([door.name, ...(await Promise.all(told))]).toEqual([door.name, ...expected])
    }
  })

  test("`readHistory: nobody` lets nobody resume or poll, but listen from now on", async () => {
    await using server = await startGuarded({
      channels: { "/**": { listen: "anyone", readHistory: "nobody" } },
    })
    const { base } = server
    const events = { Accept: "text/event-stream" }
    expect(await codeOf(await fetch(`${base}/c?after=e-0`, { headers: events }))).toBe("forbidden")
    expect(await codeOf(await fetch(`${base}/c`, { headers: { ...events, "Last-Event-ID": "e-0" } }))).toBe(
      "forbidden",
    )
    expect(await codeOf(await fetch(`${base}/_/events?channel=/c&after=~h~e-0`, { headers: events }))).toBe(
      "forbidden",
    )
    expect(await codeOf(await fetch(`${base}/c`))).toBe("forbidden")
    expect(await codeOf(await fetch(`${base}/_/poll?channel=/c`))).toBe("forbidden")
    expect((await handshakeAt(base, "/c?after=e-0")).code).toBe("forbidden")
    expect((await handshakeAt(base, "/c")).status).toBe(101)
    await using client = await connectByLaba(`${base}/_/ws`)
    client.send({ op: "subscribe", ref: 1, channel: "/c", after: "e-0" })
    expect(await client.frame("error")).toMatchObject({ ref: 1, code: "forbidden" })
    client.send({ op: "subscribe", ref: 2, channel: "/c" })
    expect(await client.frame("subscribed")).toMatchObject({ ref: 2, channel: "/c" })
  })
})

describe("the claim `channels`", () => {
  test("narrows a token to the patterns that it names", async () => {
    const channels = { "/**": { listen: "token", publish: "token" } } as const
    await using server = await startGuarded({ channels })
    const listing = await tokenFor("1001", { channels: ["/news/*"] })
    const both = await tokenFor("1001", {
      channels: { listen: ["/news/*"], publish: ["/chat/**", "/@me/out"] },
    })
    const listens = doors.filter(({ action }) => action === "listen")
    const publishes = doors.filter(({ action }) => action === "publish")
    for (const [token, channel, group, verdict] of [
      [listing, "/news/today", listens, "let in"],
      [listing, "/news/today/more", listens, "forbidden"],
      [listing, "/news/today", publishes, "forbidden"],
      [both, "/chat/1/2", publishes, "let in"],
      [both, "/chat/1/2", listens, "forbidden"],
    ] as const) {
      for (const door of group) {
        expect([door.name, channel, await door.try(server.base, channel, token)]).toEqual([
          door.name,
          channel,
          verdict,
        ])
      }
    }
  })

  test("cannot grant what the rule does not", async () => {
    await using server = await startGuarded()
    const token = await tokenFor("1001", { channels: { listen: ["/**"], publish: ["/**"] } })
    const response = await fetch(`${server.base}/orders/42`, {
      method: "POST",
      body: "x",
      headers: bearing(token),
    })
    expect(await codeOf(response)).toBe("forbidden")
  })
})

describe("laba.v1", () => {
  test("judges every subscribe and publish, and a channel by its own right", async () => {
    await using server = await startGuarded({
      channels: { "/open": { listen: "anyone", publish: "anyone" } },
    })
    await using client = await connectByLaba(`${server.base}/_/ws`)
    client.send({ op: "subscribe", ref: 1, channel: "/orders/42" })
    expect(await client.frame("error")).toMatchObject({ ref: 1, code: "unauthorized" })
    client.send({ op: "publish", ref: 2, channel: "/orders/42", data: 1 })
    expect(await client.frame("error")).toMatchObject({ ref: 2, code: "unauthorized" })
    client.send({ op: "subscribe", ref: 3, channel: "/open" })
    expect(await client.frame("subscribed")).toMatchObject({ ref: 3, channel: "/open" })
    client.send({ op: "publish", ref: 4, channel: "/open", data: 1 })
    expect(await client.frame("published")).toMatchObject({ ref: 4 })
  })

  test("[A8, L11, L12] takes a token in a frame, and judges by it from then on", async () => {
    await using server = await startGuarded()
    await using client = await connectByLaba(`${server.base}/_/ws`)
    client.send({ op: "token", ref: 1, token: await tokenFor("1001", { channels: ["/news", "/@me/**"] }) })
    client.send({ op: "subscribe", ref: 2, channel: "/news" })
    client.send({ op: "subscribe", ref: 3, channel: "/@me/orders" })
    expect(await client.frame("token")).toMatchObject({ ref: 1 })
    expect(await client.frame("subscribed")).toMatchObject({ ref: 2, channel: "/news" })
    expect(await client.frame("subscribed")).toMatchObject({ ref: 3, channel: "/@1001/orders" })
    // A narrower token takes away what it does not name; another user's is refused, and a broken one changes nothing.
    client.send({ op: "token", ref: 4, token: await tokenFor("1001", { channels: ["/@me/**"] }) })
    expect(await client.frame("token")).toMatchObject({ ref: 4 })
    expect(await client.frame("error")).toMatchObject({ channel: "/news", code: "forbidden" })
    client.send({ op: "token", ref: 5, token: await tokenFor("1002") })
    expect(await client.frame("error")).toMatchObject({ ref: 5, code: "forbidden" })
    client.send({ op: "token", ref: 6, token: "broken" })
    expect(await client.frame("error")).toMatchObject({ ref: 6, code: "unauthorized" })
    client.send({ op: "subscribe", ref: 7, channel: "/@me/more" })
    expect(await client.frame("subscribed")).toMatchObject({ ref: 7, channel: "/@1001/more" })
  })
})

test("a session is its opener's, and a command in it is judged as everywhere", async () => {
  await using server = await startGuarded()
  const headers = bearing(await tokenFor("1001"))
  const opened = await fetch(`${server.base}/_/session`, { method: "POST", headers })
  const { ack, frames } = (await opened.json()) as { ack: number; frames: { connection: string }[] }
  const session = `${server.base}/_/session/${frames[0]?.connection}`
  const commands = [
    { op: "subscribe", ref: 1, channel: "/@1002/orders" },
    { op: "subscribe", ref: 2, channel: "/@me/orders" },
  ]
  await fetch(session, { method: "POST", body: JSON.stringify(commands) })
  const answers = (await (await fetch(`${session}?ack=${ack}&wait=5`)).json()) as { frames: unknown[] }
  expect(answers.frames).toMatchObject([
    { op: "error", ref: 1, code: "forbidden" },
    { op: "subscribed", ref: 2, channel: "/@1001/orders" },
  ])
})

test("what an application vouches for is as good as a token", async () => {
  await using server = await startGuarded({
    onConnect: ({ query, user }) =>
      user === undefined && query === "?as=1001" ? { user: "1001" } : undefined,
    onMessage: ({ data }) => (data === "pass" ? { publish: true } : undefined),
  })
  expect((await handshakeAt(server.base, "/@1001/x?as=1001")).status).toBe(101)
  expect((await handshakeAt(server.base, "/@1002/x?as=1001")).code).toBe("forbidden")
  expect((await handshakeAt(server.base, "/@1001/x")).code).toBe("unauthorized")
  await using client = await connectByLaba(`${server.base}/_/ws?as=1001`)
  client.send({ op: "publish", ref: 1, channel: "/c", type: "text/plain", data: "stop" })
  expect(await client.frame("error")).toMatchObject({ ref: 1, code: "forbidden" })
  client.send({ op: "publish", ref: 2, channel: "/c", type: "text/plain", data: "pass" })
  expect(await client.frame("published")).toMatchObject({ ref: 2 })
})

test("a refused publish changes nothing, and its body is not read", async () => {
  await using server = await startGuarded({ channels: { "/c": { listen: "anyone" } } })
  const before = (await fetch(`${server.base}/c`, { method: "HEAD" })).headers.get("laba-cursor")
  const response = await fetch(`${server.base}/c`, { method: "POST", body: "x".repeat(10_000) })
  expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
  expect((await fetch(`${server.base}/c`, { method: "HEAD" })).headers.get("laba-cursor")).toBe(before)
  expect(server.laba.counters.published).toBe(0)
})
