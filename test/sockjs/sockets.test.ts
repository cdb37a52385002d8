// What a service of SockJS says of itself, and its WebSockets: in frames of SockJS, and without them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { eventually } from "../support/eventually.ts"
import { publish } from "../support/publish.ts"
import type { OwnServer } from "../support/server.ts"
import { freshSession, openSocket, post, send } from "../support/sockjs-session.ts"
import { startSockJs } from "./services.ts"
import { serve } from "../../src/server/index.ts"

let server: OwnServer
beforeAll(async () => {
  server = await startSockJs()
})
afterAll(() => server[Symbol.asyncDispose]())

describe("a service", () => {
  test("[J2] greets, and says what is served without a cookie", async () => {
    for (const path of ["/echo", "/echo/"]) {
      const greeting = await fetch(server.base + path)
      expect([greeting.status, await greeting.text()]).toEqual([200, "Welcome to SockJS!\n"])
    }
    const info = await fetch(`${server.base}/echo/info`)
    const { entropy, ...said } = (await info.json()) as Record<string, unknown>
    expect(said).toEqual({ websocket: true, origins: ["*:*"], cookie_needed: false })
    expect(entropy).toBeNumber()
    expect(info.headers.get("cache-control")).toContain("no-store")
  })

  test("[J1] is no channel, on any road", async () => {
    expect((await post(`${server.base}/echo/info/x`, "a")).status).toBe(404)
    expect((await post(`${server.base}/echo`, "a")).status).toBe(405)
    expect(server.laba.publish("/echo/room", "a")).rejects.toMatchObject({ code: "bad_channel" })
    const many = await fetch(`${server.base}/_/poll?channel=/echo/room`)
    expect([many.status, (await many.json()).code]).toEqual([400, "bad_channel"])
    await using laba = await openSocket(`${server.base}/_/ws`, ["laba.v1"])
    expect(await laba.frames.next()).toContain("hello")
    laba.send('{"op":"subscribe","channel":"/live","ref":1}')
    expect(await laba.frames.next()).toContain("bad_channel")
    laba.send('{"op":"publish","channel":"/live/x","data":"a","ref":2}')
    expect(await laba.frames.next()).toContain("bad_channel")
    expect((await fetch(`${server.base}/echoing`)).status).not.toBe(404)
  })

  test("[J4] has nothing at a path with odd parts", async () => {
    for (const path of [
      "//a/xhr",
      "/000//xhr",
      "/0.0/a/xhr",
      "/000/a.b/xhr",
      "/000/a/b/xhr",
      "/000/xhr",
      "/000/a/telnet",
    ])
      expect([path, (await post(`${server.base}/echo${path}`)).status]).toEqual([path, 404])
    expect((await post(`${server.base}/echo/000/${"a".repeat(201)}/xhr`)).status).toBe(404)
  })

  test("[J1] comes and goes with a reload", async () => {
    const paths: Record<string, "stomp"> = {}
    const laba = await serve({ listen: { port: 0 }, source: () => ({ sockjs: { paths } }) })
    await using _ = { [Symbol.asyncDispose]: () => laba.close() }
    expect((await post(`${laba.url}/spring/info`, "a")).status).toBeLessThan(300)
    paths["/spring"] = "stomp"
    await laba.reload()
    expect((await fetch(`${laba.url}/spring/info`)).status).toBe(200)
    expect(laba.publish("/spring/info", "a")).rejects.toMatchObject({ code: "bad_channel" })
  })
})

describe("a WebSocket in frames of SockJS", () => {
  test("[J3] carries messages both ways, several in a frame, and passes over empty ones", async () => {
    await using one = await openSocket(`${freshSession(`${server.base}/echo`)}/websocket`)
    expect(await one.frames.next()).toBe("o")
    one.send("")
    one.send("[]")
    one.send('["a","b"]')
    one.send('"c"')
    const heard: string[] = []
    while (heard.length < 3) heard.push(...JSON.parse((await one.frames.next()).slice(1)))
    expect(heard).toEqual(["a", "b", "c"])
  })

  test("[J3] what browsers' transports lose is escaped", async () => {
    await using one = await openSocket(`${freshSession(`${server.base}/echo`)}/websocket`)
    await one.frames.next()
    await publish(`${server.base}/echoes`, "\u0000 \u200c \u2028 \ufff0 日本 😀")
    expect(await one.frames.next()).toBe('a["\\u0000 \\u200c \\u2028 \\ufff0 日本 \\ud83d\\ude00"]')
  })

  for (const bad of ['["x', "{}", "1", '["a",1]', "x".repeat(10)])
    test(`[J3] [J8] ${bad} ends it, and nothing of it is taken`, async () => {
      const before = server.laba.counters.published
      await using one = await openSocket(`${freshSession(`${server.base}/echo`)}/websocket`)
      one.send(bad)
      expect([await one.frames.next(), await one.frames.next()]).toEqual(["o", 'c[4003,"bad_frame"]'])
      expect(await one.ended).toEqual({ code: 4003, reason: "bad_frame" })
      expect(server.laba.counters.published).toBe(before)
    })

  test("[J3] binary messages end it", async () => {
    await using one = await openSocket(`${freshSession(`${server.base}/echo`)}/websocket`)
    one.socket.send(new TextEncoder().encode('["a"]'))
    expect((await one.ended).reason).toBe("bad_frame")
  })

  test("[J1] carries laba.v1 where the service does", async () => {
    await using one = await openSocket(`${freshSession(`${server.base}/live`)}/websocket`)
    expect(await one.frames.next()).toBe("o")
    expect(await one.frames.next()).toContain("hello")
    one.send(JSON.stringify(['{"op":"subscribe","channel":"/over/sockjs"}']))
    expect(await one.frames.next()).toContain("subscribed")
    await publish(`${server.base}/over/sockjs`, "through")
    expect(await one.frames.next()).toContain("through")
  })

  test("[J13] bytes that are no UTF-8 end it", async () => {
    await using one = await openSocket(`${freshSession(`${server.base}/echo`)}/websocket`)
    await one.frames.next()
    await fetch(`${server.base}/echoes`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: Uint8Array.of(255, 0),
    })
    expect(await one.frames.next()).toContain("bad_utf8")
  })

  test("[J13] what is no text ends all who are sent the same, and none of those who get it as bytes", async () => {
    const session = () => `${freshSession(`${server.base}/echo`)}/websocket`
    await using one = await openSocket(session())
    await using other = await openSocket(session())
    await using bytes = await openSocket(`${server.base}/echo/websocket`)
    for (const { frames } of [one, other]) expect(await frames.next()).toBe("o")
    const url = `${server.base}/echoes`
    await publish(url, "text")
    await publish(url, Buffer.from("bytes of text"), { type: "application/octet-stream" })
    await publish(url, Uint8Array.of(255, 0), { type: "application/octet-stream" })
    await publish(url, "behind it")
    for (const { frames, ended } of [one, other]) {
      expect(await frames.next()).toBe('a["text"]')
      expect(await frames.next()).toBe('a["bytes of text"]')
      expect(await frames.next()).toMatch(/^c\[\d+,"bad_utf8"\]$/)
      expect(await ended).toMatchObject({ reason: "bad_utf8" })
      expect(frames.ready).toBe(0)
    }
    while (!bytes.frames.seen.includes("behind it")) await bytes.frames.next()
  })

  test("[J8] is sent away as every connection", async () => {
    const going = await startSockJs()
    await using one = await openSocket(`${freshSession(`${going.base}/echo`)}/websocket`)
    await going[Symbol.asyncDispose]()
    expect((await one.ended).code).toBe(1012)
  })
})

test("[J2] a WebSocket without frames of SockJS carries the same", async () => {
  await using one = await openSocket(`${server.base}/echo/websocket`)
  const session = freshSession(`${server.base}/echo`)
  await post(`${session}/xhr`)
  await send(session, "from a session")
  expect(await one.frames.next()).toBe("from a session")
  one.send("back")
  expect(await one.frames.next()).toBe("back")
  await using stomp = await openSocket(`${server.base}/websocket/websocket`, ["v12.stomp"])
  expect(stomp.socket.protocol).toBe("v12.stomp")
  stomp.send("CONNECT\naccept-version:1.2\nhost:x\n\n\0")
  expect(await stomp.frames.next()).toStartWith("CONNECTED")
})

test("[J2] is no WebSocket's address for who asks for none, nor for another method", async () => {
  for (const path of ["/echo/websocket", "/echo/000/a/websocket"]) {
    expect((await fetch(server.base + path)).status).toBe(400)
    const posted = await post(server.base + path)
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET"])
  }
  await eventually(() => expect(server.laba.counters.published).toBeGreaterThan(0))
})

test("[J1] a path may be SockJS's and STOMP's: a WebSocket that opens right there speaks STOMP", async () => {
  await using both = await startSockJs({ stomp: { paths: ["/websocket"] } })
  await using stomp = await openSocket(`${both.base}/websocket`)
  stomp.send("CONNECT\naccept-version:1.2\nhost:x\n\n\0")
  expect(await stomp.frames.next()).toStartWith("CONNECTED")
  await using sockjs = await openSocket(`${freshSession(`${both.base}/websocket`)}/websocket`)
  expect(await sockjs.frames.next()).toBe("o")
  expect((await fetch(`${both.base}/websocket/info`)).status).toBe(200)
})
