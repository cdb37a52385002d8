// What holds for every connection holds in STOMP: presence, hooks, limits, lists, metrics, TLS, rights that are lost.
import { describe, expect, test } from "bun:test"
import { shop, startGuarded, tokenFor } from "../access/guarded.ts"
import { eventually } from "../support/eventually.ts"
import { publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { bodyText, connectStomp, openStompSocket, openStompTcp } from "../support/stomp.ts"
import { serve, type ServeOptions } from "../../src/server/index.ts"

describe("presence", () => {
  test("[R1] a user is there once, however many of their subscriptions listen, and leaves with the last", async () => {
    await using server = await startGuarded({ channels: { "/rooms/*": { listen: "token", presence: true } } })
    const presence = async () => {
      const url = `${server.base}/_/api/presence?channel=/rooms/a`
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${shop.text}` } })
      return (await answer.json()) as { users: number; guests: number }
    }
    await using client = await connectStomp(server.base, { passcode: await tokenFor("alice") })
    await client.subscribe("/rooms/a", { id: "1" })
    await client.subscribe("/rooms/a", { id: "2" })
    expect(await presence()).toMatchObject({ users: 1, guests: 0 })
    client.send("UNSUBSCRIBE", { id: "1", receipt: "left" })
    await client.frame("RECEIPT")
    expect(await presence()).toMatchObject({ users: 1, guests: 0 })
    client.close()
    await eventually(async () => expect(await presence()).toMatchObject({ users: 0 }))
  }, 30_000)
})

describe("the application", () => {
  test("is asked at the handshake, with its cookie, and names the user", async () => {
    await using server = await startServer({
      onConnect: ({ transport, protocol, headers }) =>
        transport === "websocket" && protocol === "stomp" && headers.get("cookie") === "SESSION=1"
          ? { user: "alice" }
          : { refuse: { detail: "log in first" } },
    })
    await using client = await openStompSocket(server.base, { headers: { Cookie: "SESSION=1" } })
    expect((await client.connect()).headers["user-name"]).toBe("alice")
    expect(openStompSocket(server.base)).rejects.toThrow("refused")
  })

  test("is asked about each subscription, and what it refuses ends the connection", async () => {
    const asked: string[] = []
    await using server = await startServer({
      onSubscribe({ channel }) {
        asked.push(channel)
        return channel === "/closed" ? { refuse: { detail: "closed" } } : undefined
      },
    })
    await using client = await connectStomp(server.base)
    await client.subscribe("/open", { id: "1" })
    client.send("SUBSCRIBE", { id: "2", destination: "/closed" })
    expect(await client.errorCode()).toBe("forbidden")
    expect(asked).toEqual(["/open", "/closed"])
  })

  test("frames behind one that waits for the application are done after it, in their order", async () => {
    await using server = await startServer({
      async onMessage({ data }) {
        await Bun.sleep(data === "slow" ? 50 : 0)
        return undefined
      },
    })
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel)
    for (const text of ["slow", "fast", "last"]) client.send("SEND", { destination: channel }, text)
    const heard = [
      await client.frame("MESSAGE"),
      await client.frame("MESSAGE"),
      await client.frame("MESSAGE"),
    ]
    expect(heard.map(bodyText)).toEqual(["slow", "fast", "last"])
  })

  test("hears of the end of a connection once, over both", async () => {
    const gone: string[] = []
    await using server = await startServer({
      stomp: { tcp: 0 },
      onDisconnect: ({ transport }) => void gone.push(transport),
    })
    for (const open of [
      () => connectStomp(server.base),
      () => openStompTcp(server.laba.stompPort as number),
    ]) {
      await using client = await open()
      if (gone.length > 0) await client.connect()
      client.send("DISCONNECT", { receipt: "bye" })
      await client.frame("RECEIPT")
      await client.ended.promise
      await eventually(() => expect(gone.length).toBeGreaterThan(0))
    }
    await eventually(() => expect(gone).toEqual(["websocket", "tcp"]))
  })
})

describe("rights and limits", () => {
  test("[A13] what the rules allow no longer ends the connection that listens there", async () => {
    let channels: ServeOptions["channels"] = { "/**": { listen: "anyone" } }
    const config = () => ({
      keys: [{ name: "shop", sha256: shop.sha256 }],
      listen: { port: 0 },
      channels: channels ?? {},
    })
    const laba = await serve({ ...config(), limits: { drainSeconds: 0 }, source: config })
    try {
      await using client = await connectStomp(laba.url.replace(/\/$/, ""))
      await client.subscribe("/topic/a")
      channels = { "/**": { listen: "token" } }
      await laba.reload()
      expect(await client.errorCode()).toBe("forbidden")
    } finally {
      await laba.close()
    }
  })

  test("[A12] a place counts over TCP as anywhere, and the one too many is told so", async () => {
    await using server = await startServer({ stomp: { tcp: 0 }, limits: { connectionsMax: 1 } })
    await using client = await connectStomp(server.base)
    await client.subscribe("/topic/a")
    await using second = await openStompTcp(server.laba.stompPort as number)
    const { headers } = await second.frame("ERROR")
    expect([headers["code"], headers["limit"], headers["retry-after"]]).toEqual([
      "too_many_connections",
      "connectionsMax",
      "5",
    ])
    await second.ended.promise
  })

  test("[P4] a repeated `idempotency-key` publishes once", async () => {
    await using server = await startServer()
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel)
    for (const receipt of ["1", "2"])
      client.send("SEND", { destination: channel, "idempotency-key": "k", receipt }, "once")
    const seen = [
      (await client.frames.next()).command,
      (await client.frames.next()).command,
      (await client.frames.next()).command,
    ]
    expect(seen.sort()).toEqual(["MESSAGE", "RECEIPT", "RECEIPT"])
    await publish(server.base + channel, "next")
    expect(bodyText(await client.frame("MESSAGE"))).toBe("next")
  })
})

describe("operation", () => {
  test("[H13] a connection is listed with its transport and protocol, told of by its id, and ended by it", async () => {
    await using server = await startServer({ stomp: { tcp: 0 } })
    await using client = await openStompTcp(server.laba.stompPort as number)
    const session = (await client.connect()).headers["session"] as string
    await client.subscribe("/topic/a")
    const url = `${server.base}/_/api/connections/${session}`
    expect(await (await fetch(url)).json()).toMatchObject({
      id: session,
      transport: "tcp",
      protocol: "stomp",
      channels: ["/topic/a"],
    })
    expect((await fetch(url, { method: "DELETE" })).ok).toBe(true)
    expect(await client.errorCode()).toBe("disconnected")
    const metrics = await (await fetch(`${server.base}/_/metrics`)).text()
    expect(metrics).toContain('laba_connections_opened_total{transport="tcp",protocol="stomp"} 1')
  })
})
