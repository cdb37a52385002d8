// STOMP: going on from a cursor, resets in band, and the destinations of users and of the application.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { secret, shop, startGuarded, tokenFor } from "../access/guarded.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { headOf, publish, publishAll } from "../support/publish.ts"
import { bodyText, connectStomp, openStompSocket } from "../support/stomp.ts"

describe("cursors", () => {
  let server: OwnServer
  beforeAll(async () => {
    server = await startServer({ channels: { "/lossy/**": { history: "none" } } })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test("[T14] (C5, C8) SUBSCRIBE goes on from a cursor that was taken on any road, and the receipt says that it does", async () => {
    const channel = freshChannel("topic")
    const [first] = await publishAll(server.base + channel, ["a", "b", "c"])
    await using client = await connectStomp(server.base)
    client.send("SUBSCRIBE", { id: "0", destination: channel, after: first?.cursor ?? "", receipt: "r" })
    const { headers } = await client.frame("RECEIPT")
    expect([headers["cursor"], headers["recovered"]]).toEqual([first?.cursor as string, "true"])
    const b = await client.frame("MESSAGE")
    expect([bodyText(b), bodyText(await client.frame("MESSAGE"))]).toEqual(["b", "c"])
    const polled = await fetch(`${server.base + channel}?after=${b.headers["cursor"]}`)
    expect(
      ((await polled.json()) as { messages: { data: string }[] }).messages.map(({ data }) => data),
    ).toEqual(["c"])
  })

  test("[T14] who gave `after` is told of a reset by a MESSAGE without a body, whose `reset` says why, and stands at its cursor", async () => {
    const channel = freshChannel("topic")
    await publish(server.base + channel, "a")
    const other = (await headOf(server.base + freshChannel("other"))).cursor
    await using client = await connectStomp(server.base)
    client.send("SUBSCRIBE", { id: "x", destination: channel, after: other, receipt: "r" })
    const { headers: receipt } = await client.frame("RECEIPT")
    expect(receipt["recovered"]).toBe("false")
    const { headers, body } = await client.frame("MESSAGE")
    expect(headers).toMatchObject({ reset: "other-channels", subscription: "x", destination: channel })
    expect([headers["cursor"], body.length]).toEqual([receipt["cursor"] as string, 0])
    expect(headers["cursor"]).toBe((await headOf(server.base + channel)).cursor)
    await publish(server.base + channel, "b")
    expect(bodyText(await client.frame("MESSAGE"))).toBe("b")
  })

  test("[T14] an empty `after` begins now; a malformed one is refused", async () => {
    const channel = freshChannel("topic")
    await publish(server.base + channel, "before")
    await using client = await connectStomp(server.base)
    expect((await client.subscribe(channel, { after: "" }))["recovered"]).toBe("false")
    await publish(server.base + channel, "after")
    expect(bodyText(await client.frame("MESSAGE"))).toBe("after")
    client.send("SUBSCRIBE", { id: "1", destination: channel, after: "!" })
    expect(await client.errorCode()).toBe("bad_cursor")
  })

  test("[T14] a deleted channel ends the connection with `deleted`, which says to come back", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel)
    await fetch(server.base + channel, { method: "DELETE" })
    const { headers } = await client.frame("ERROR")
    expect([headers["code"], headers["retry"]]).toEqual(["deleted", "back-off"])
  })

  test("[T22] a destination is a channel by its name; a pattern, and what is no name, is refused", async () => {
    for (const destination of [
      "/topic/*",
      "/topic/a.#",
      "/topic/a.>",
      "topic/a",
      "/",
      "/_/metrics",
      "/topic//a",
    ]) {
      await using client = await connectStomp(server.base)
      client.send("SUBSCRIBE", { id: "0", destination })
      expect([destination, await client.errorCode()]).toEqual([destination, "bad_channel"])
    }
    await using named = await connectStomp(server.base)
    await named.subscribe("/topic/a.%3E")
    await publish(`${server.base}/topic/a.%3E`, "by its name")
    expect(bodyText(await named.frame("MESSAGE"))).toBe("by its name")
    const channel = freshChannel("queue")
    await using one = await connectStomp(server.base)
    await using two = await connectStomp(server.base)
    await one.subscribe(channel)
    await two.subscribe(channel)
    await publish(server.base + channel, "to all")
    expect([bodyText(await one.frame("MESSAGE")), bodyText(await two.frame("MESSAGE"))]).toEqual([
      "to all",
      "to all",
    ])
  })
})

describe("what other brokers have and a channel has not is refused, and says what there is", () => {
  const temporary = { destination: "/temp-queue/answers" }
  test.each([
    ["[T22] a temporary queue", "SUBSCRIBE", { id: "0", ...temporary }, "bad_channel", "/user/queue/x"],
    ["[T22] what is sent to one", "SEND", temporary, "bad_channel", "/user/<name>/queue/x"],
    [
      "[T23] an empty part of what is one's own",
      "SUBSCRIBE",
      { id: "0", destination: "/user/queue/x/" },
      "bad_channel",
      '"/user/queue/x/"',
    ],
    [
      "[T23] and of what is another's",
      "SEND",
      { destination: "/user//queue/x" },
      "bad_channel",
      '"/user//queue/x"',
    ],
    [
      "[T22] an answer at one",
      "SEND",
      { destination: "/a", "reply-to": "/temp-queue/a" },
      "bad_channel",
      "/user/queue/x",
    ],
    [
      "[T22] a selector",
      "SUBSCRIBE",
      { id: "0", destination: "/a", selector: "price > 10" },
      "bad_frame",
      "selector",
    ],
  ])("%s", async (_, command, headers, code, hint) => {
    await using server = await startServer()
    await using client = await connectStomp(server.base)
    client.send(command, headers)
    const error = await client.frame("ERROR")
    expect(error.headers["code"]).toBe(code)
    expect(bodyText(error)).toContain(hint)
  })
})

describe("[T10] credentials", () => {
  test("who shows a name and a password is told what `passcode` takes", async () => {
    await using server = await startGuarded()
    for (const passcode of ["guest", "laba_nobody_x"]) {
      await using client = await openStompSocket(server.base)
      client.send("CONNECT", { "accept-version": "1.2", login: "guest", passcode })
      const error = await client.frame("ERROR")
      expect([error.headers["code"], bodyText(error)]).toEqual([
        "unauthorized",
        expect.stringContaining("`passcode` takes a key or a token"),
      ])
    }
  })

  test("`passcode` and `Authorization` take a key or a token; the user is named; a broken one is refused", async () => {
    await using server = await startGuarded({ channels: { "/**": { listen: "token", publish: "token" } } })
    const token = await tokenFor("alice")
    const nameOf = async (headers: Record<string, string>) => {
      await using client = await connectStomp(server.base, headers)
      return (await client.subscribe("/topic/a")) && client.frames.seen[0]?.headers["user-name"]
    }
    expect(await nameOf({ login: "alice", passcode: token })).toBe("alice")
    expect(await nameOf({ Authorization: `Bearer ${token}` })).toBe("alice")
    expect(await nameOf({ passcode: shop.text })).toBeUndefined()
    for (const headers of [{ passcode: "guest" }, { Authorization: "Basic eA==" }, { passcode: `${token}x` }])
      expect(connectStomp(server.base, headers)).rejects.toThrow("unauthorized")
    await using nobody = await connectStomp(server.base)
    nobody.send("SUBSCRIBE", { id: "0", destination: "/topic/a" })
    expect(await nobody.errorCode()).toBe("unauthorized")
  })

  test("a token that runs out, and one that is revoked, end the connection", async () => {
    await using server = await startGuarded({
      channels: { "/**": { listen: "token", publish: "token" } },
      tokens: { secret, leeway: 0 },
    })
    await using short = await connectStomp(server.base, {
      passcode: await tokenFor("bob", { exp: Math.floor(Date.now() / 1000) + 1 }),
    })
    expect(await short.errorCode()).toBe("token_expired")
    await using client = await connectStomp(server.base, { passcode: await tokenFor("carol") })
    await client.subscribe("/topic/a")
    await fetch(`${server.base}/_/api/revoke`, {
      method: "POST",
      headers: { Authorization: `Bearer ${shop.text}` },
      body: JSON.stringify({ user: "carol" }),
    })
    expect(await client.errorCode()).toBe("unauthorized")
  })
})

describe("users", () => {
  test("[T23] /user/queue/x is the user's own on each of their connections, /user/<name>/queue/x another's; the MESSAGE has the destination as it was subscribed", async () => {
    await using server = await startGuarded()
    await using phone = await connectStomp(server.base, { passcode: await tokenFor("a/b") })
    await using laptop = await connectStomp(server.base, { passcode: await tokenFor("a/b") })
    await phone.subscribe("/user/queue/news")
    await laptop.subscribe("/user/queue/news")
    await using backend = await connectStomp(server.base, { passcode: shop.text })
    backend.send("SEND", { destination: "/user/a%2Fb/queue/news" }, "for you")
    for (const client of [phone, laptop]) {
      const { headers, body } = await client.frame("MESSAGE")
      expect([headers["destination"], new TextDecoder().decode(body)]).toEqual([
        "/user/queue/news",
        "for you",
      ])
    }
    const answer = await fetch(`${server.base}/@a%252Fb/queue/news`, {
      method: "POST",
      headers: { Authorization: `Bearer ${shop.text}` },
      body: "by HTTP",
    })
    expect(answer.status).toBe(201)
    expect(bodyText(await phone.frame("MESSAGE"))).toBe("by HTTP")
  })

  test("[T23] who has no name has a queue of the connection's own, which its session names to others", async () => {
    await using server = await startServer()
    await using one = await connectStomp(server.base)
    await using two = await connectStomp(server.base)
    await one.subscribe("/user/queue/news")
    await two.subscribe("/user/queue/news")
    const session = one.frames.seen[0]?.headers["session"] as string
    await using sender = await connectStomp(server.base)
    sender.send("SEND", { destination: `/user/${session}/queue/news`, receipt: "sent" }, "for one")
    await sender.frame("RECEIPT")
    expect(bodyText(await one.frame("MESSAGE"))).toBe("for one")
    expect(two.frames.ready).toBe(0)
  })

  test("[T23] where rules leave own channels to their owners, the connection's own are open to it and to nobody else", async () => {
    await using server = await startGuarded()
    await using one = await connectStomp(server.base)
    await one.subscribe("/user/queue/news")
    const session = one.frames.seen[0]?.headers["session"] as string
    await using other = await connectStomp(server.base)
    other.send("SUBSCRIBE", { id: "0", destination: `/@${session}/queue/news` })
    expect(await other.errorCode()).toBe("unauthorized")
  })
})

describe("the application", () => {
  test("[T24] is asked about what is sent, and its answer comes to the asking connection at /user/queue/<what follows /app>", async () => {
    const heard: string[] = []
    await using server = await startServer({
      onMessage({ channel, data }) {
        heard.push(`${channel} ${String(data)}`)
        return { publish: false, reply: `you said ${String(data)}` }
      },
    })
    await using client = await connectStomp(server.base)
    await using other = await connectStomp(server.base)
    await client.subscribe("/user/queue/seckill")
    await other.subscribe("/user/queue/seckill")
    client.send("SEND", { destination: "/app/seckill", receipt: "r" }, "buy")
    const { headers, body } = await client.frame("MESSAGE")
    expect([headers["destination"], headers["subscription"], new TextDecoder().decode(body)]).toEqual([
      "/user/queue/seckill",
      "0",
      "you said buy",
    ])
    expect(headers["cursor"]).toBeUndefined()
    await client.frame("RECEIPT")
    expect([heard, other.frames.ready]).toEqual([["/app/seckill buy"], 0])
  })

  test("[T24] what is pushed to the connection by its id comes at /user/queue/direct, and without a subscription there it cannot take it", async () => {
    await using server = await startServer()
    await using client = await connectStomp(server.base)
    const session = client.frames.seen[0]?.headers["session"] as string
    expect(() => server.laba.push(session, "too early")).toThrow("cannot_receive")
    const push = { method: "POST", body: "too early" }
    const refused = await fetch(`${server.base}/_/api/connections/${session}`, push)
    expect(await refused.json()).toMatchObject({
      code: "cannot_receive",
      detail: expect.stringContaining("/user/queue/direct"),
    })
    await client.subscribe("/user/queue/direct")
    expect(server.laba.push(session, "hello")).toBe(true)
    expect(bodyText(await client.frame("MESSAGE"))).toBe("hello")
  })
})
