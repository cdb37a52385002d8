// STOMP over TCP, and what of STOMP is configured: paths, the port, and their change at a reload.
import { describe, expect, test } from "bun:test"
import { freePort } from "../../bench/peers/free-port.ts"
import { startGuarded, tokenFor } from "../access/guarded.ts"
import { eventually } from "../support/eventually.ts"
import { publish, publishAll } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { bodyText, connectStomp, openStompSocket, openStompTcp } from "../support/stomp.ts"
import { serve, type ConfigInput, type ServeOptions } from "../../src/server/index.ts"

const atAnyPort = { stomp: { tcp: 0 } }

async function tcpServer(options: ServeOptions = {}) {
  const server = await startServer({ ...atAnyPort, ...options })
  const port = server.laba.stompPort as number
  return { ...server, port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe("over TCP", () => {
  test("[T25] [T3] speaks as over a WebSocket: what is sent by TCP is heard by WebSocket and by HTTP, and back", async () => {
    await using server = await tcpServer()
    const channel = freshChannel("topic")
    await using tcp = await openStompTcp(server.port)
    await tcp.connect({ login: "guest", passcode: "guest", "heart-beat": "10000,10000" })
    await tcp.subscribe(channel)
    await using socket = await connectStomp(server.base)
    await socket.subscribe(channel)
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    tcp.send("SEND", { destination: channel, "content-length": 256 }, bytes)
    expect(Array.from((await socket.frame("MESSAGE")).body)).toEqual(Array.from(bytes))
    expect(Array.from((await tcp.frame("MESSAGE")).body)).toEqual(Array.from(bytes))
    await publishAll(server.base + channel, ["one", "two: 日本"])
    expect([bodyText(await tcp.frame("MESSAGE")), bodyText(await tcp.frame("MESSAGE"))]).toEqual([
      "one",
      "two: 日本",
    ])
  })

  test("[T25] [T3] a stream that is cut after every byte is read", async () => {
    await using server = await tcpServer()
    await using tcp = await openStompTcp(server.port)
    for (const letter of "CONNECT\naccept-version:1.1\n\n\0\n\nSUBSCRIBE\nid:0\ndestination:/a\nreceipt:r\n\n\0") {
      tcp.sendRaw(letter)
      await Bun.sleep(0)
    }
    expect((await tcp.frame("CONNECTED")).headers["version"]).toBe("1.1")
    expect((await tcp.frame("RECEIPT")).headers["receipt-id"]).toBe("r")
  })

  test("[T25] [T20] an error is told, then the connection ends; HTTP sent there is refused at its first line", async () => {
    await using server = await tcpServer()
    await using tcp = await openStompTcp(server.port)
    tcp.sendRaw("POST / HTTP/1.1\r\nHost: x\r\n\r\nSEND\ndestination:/a\n\nx\0")
    expect(await tcp.errorCode()).toBe("bad_frame")
    await tcp.ended.promise
    expect(server.laba.counters.published).toBe(0)
  })

  test("[T25] [T21] DISCONNECT is answered before the end", async () => {
    await using server = await tcpServer()
    await using tcp = await openStompTcp(server.port)
    await tcp.connect()
    tcp.send("DISCONNECT", { receipt: "bye" })
    expect((await tcp.frame("RECEIPT")).headers["receipt-id"]).toBe("bye")
    await tcp.ended.promise
  })

  test("[T25] [T16] flow control, a long replay and a listener beside it, over one connection", async () => {
    const channels = { "/**": { history: { count: 5000, bytes: "16MB", time: "10m" } } }
    await using server = await tcpServer({ channels, limits: { outboxBytesMax: 64 * 1024 } })
    const channel = freshChannel("topic")
    const all = Array.from({ length: 300 }, (_, index) => `${index} ${"x".repeat(2000)}`)
    const [first] = await publishAll(server.base + channel, ["first", ...all])
    await using tcp = await openStompTcp(server.port)
    await tcp.connect()
    await tcp.subscribe(channel, { after: first?.cursor ?? "" })
    for (const text of all) expect(bodyText(await tcp.frame("MESSAGE"))).toBe(text)
  })

  test("a port that is taken leaves no server behind", async () => {
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
    const port = freePort()
    const options = { listen: { port }, stomp: { tcp: taken.port } }
    await expect(serve(options)).rejects.toThrow(`STOMP cannot be spoken at port ${taken.port}`)
    await expect(fetch(`http://127.0.0.1:${port}/_/live`)).rejects.toThrow()
  })

  test("[T25] [T10] shows its credential in CONNECT, and the application is asked then", async () => {
    const asked: unknown[] = []
    const gone: unknown[] = []
    await using server = await startGuarded({
      ...atAnyPort,
      onConnect: ({ transport, protocol, user, headers, address }) => {
        asked.push({
          transport,
          protocol,
          user,
          login: headers.get("login"),
          secret: headers.has("passcode"),
          address,
        })
        return user === "mallory" ? { refuse: { detail: "no" } } : undefined
      },
      onDisconnect: ({ transport, user }) => void gone.push({ transport, user }),
    })
    const port = server.laba.stompPort as number
    {
      await using tcp = await openStompTcp(port)
      const { headers } = await tcp.connect({ login: "x", passcode: await tokenFor("alice") })
      expect(headers["user-name"]).toBe("alice")
      await tcp.subscribe("/user/queue/a")
    }
    expect(asked).toEqual([
      { transport: "tcp", protocol: "stomp", user: "alice", login: "x", secret: false, address: "127.0.0.1" },
    ])
    await eventually(() => expect(gone).toEqual([{ transport: "tcp", user: "alice" }]))
    await using refused = await openStompTcp(port)
    refused.send("CONNECT", { "accept-version": "1.2", passcode: await tokenFor("mallory") })
    expect(await refused.errorCode()).toBe("forbidden")
    await using broken = await openStompTcp(port)
    broken.send("CONNECT", { "accept-version": "1.2", passcode: "guest" })
    expect(await broken.errorCode()).toBe("unauthorized")
  })

  test("[T25] is told when the node goes away, and nobody new is let in then", async () => {
    const laba = await serve({ listen: { port: 0 }, ...atAnyPort, limits: { drainSeconds: 0 } })
    const port = laba.stompPort as number
    await using tcp = await openStompTcp(port)
    await tcp.connect()
    const closing = laba.close()
    expect(await tcp.errorCode()).toBe("shutting_down")
    await closing
    expect(openStompTcp(port)).rejects.toThrow()
  })

  test("[T11] [T25] the server beats as it was agreed, and cuts who does not keep their promise", async () => {
    await using server = await tcpServer({ limits: { heartbeatSeconds: 0.4 } })
    await using tcp = await openStompTcp(server.port)
    expect((await tcp.connect({ "heart-beat": "400,400" })).headers["heart-beat"]).toBe("400,400")
    await eventually(() => expect(tcp.beats).toBeGreaterThan(1))
    await tcp.ended.promise
    await eventually(() => expect(server.laba.counters.silent).toBe(1))
    await using kept = await openStompTcp(server.port)
    await kept.connect({ "heart-beat": "400,0" })
    for (let i = 0; i < 8; i++) {
      kept.sendRaw("\n")
      await Bun.sleep(200)
    }
    await kept.subscribe("/topic/a")
  })

  test("[T25] a peer that reads nothing is slow and is ended, and holds nobody else up", async () => {
    await using server = await tcpServer({ limits: { outboxBytesMax: 64 * 1024 } })
    const channel = freshChannel("topic")
    await using stalled = await openStompTcp(server.port)
    await stalled.connect()
    await stalled.subscribe(channel)
    stalled.socket?.pause()
    await using healthy = await openStompTcp(server.port)
    await healthy.connect()
    await healthy.subscribe(channel)
    const text = "x".repeat(60_000)
    for (let i = 0; i < 400 && server.laba.counters.slowClosed === 0; i++) {
      await publish(server.base + channel, text)
      expect(bodyText(await healthy.frame("MESSAGE"))).toBe(text)
    }
    await eventually(() => expect(server.laba.counters.slowClosed).toBe(1))
  }, 30_000)
})

test("who is refused at CONNECT, and what a frame does wrong, is in the log: no request tells of it", async () => {
  await using server = await startGuarded(atAnyPort)
  const written = () => server.log.map((line) => JSON.parse(line) as Record<string, unknown>)
  const open = {
    tcp: () => openStompTcp(server.laba.stompPort as number),
    websocket: () => openStompSocket(server.base),
  }
  for (const transport of ["tcp", "websocket"] as const) {
    await using stranger = await open[transport]()
    stranger.send("CONNECT", { "accept-version": "1.2", passcode: "laba_nobody_x" })
    expect(await stranger.errorCode()).toBe("unauthorized")
    await using careless = await open[transport]()
    careless.send("SEND", { destination: "/a" })
    expect(await careless.errorCode()).toBe("bad_frame")
    const facts = { transport, protocol: "stomp" }
    expect(written()).toContainEqual(
      expect.objectContaining({ ...facts, level: "info", event: "connection_refused", code: "unauthorized" }),
    )
    expect(written()).toContainEqual(
      expect.objectContaining({ ...facts, level: "debug", event: "request_refused", code: "bad_frame" }),
    )
  }
  expect(server.log.join("")).not.toContain("laba_nobody_x")
})

describe("what is configured", () => {
  test("[T1] further paths speak STOMP, and are no channel that anybody may use, on any road", async () => {
    await using server = await startServer({ stomp: { paths: ["/websocket"] } })
    await using client = await openStompSocket(server.base, { path: "/websocket" })
    await client.connect()
    expect((await fetch(`${server.base}/websocket`)).status).toBe(426)
    expect((await fetch(`${server.base}/websocket`, { method: "POST", body: "x" })).status).toBe(405)
    expect((await fetch(`${server.base}/web%73ocket`, { method: "POST", body: "x" })).status).toBe(403)
    client.send("SUBSCRIBE", { id: "0", destination: "/websocket" })
    expect(await client.errorCode()).toBe("forbidden")
  })

  test("[T1] [T25] a reload opens and closes the port, and puts other paths in their place; who is connected stays", async () => {
    let stomp: ServeOptions["stomp"] = {}
    const laba = await serve({
      listen: { port: 0 },
      limits: { drainSeconds: 0 },
      source: () => ({ listen: { port: 0 }, stomp: stomp ?? {}, limits: { drainSeconds: 0 } }),
    })
    try {
      expect(laba.stompPort).toBeNull()
      stomp = { tcp: 0, paths: ["/ws"] }
      const { changes } = await laba.reload()
      for (const key of ["stomp.paths", "stomp.tcp"]) expect(changes).toContainEqual({ key, holds: "now" })
      await using tcp = await openStompTcp(laba.stompPort as number)
      await tcp.connect()
      await using socket = await openStompSocket(laba.url.replace(/\/$/, ""), { path: "/ws", protocols: [] })
      await socket.connect()
      stomp = {}
      await laba.reload()
      expect(laba.stompPort).toBeNull()
      tcp.send("SUBSCRIBE", { id: "0", destination: "/a", receipt: "still here" })
      await tcp.frame("RECEIPT")
    } finally {
      await laba.close()
    }
  })

  test("[T25] a reload to a port that is taken keeps the old one, says so, and is done by the next that can", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
    const lines: string[] = []
    let tcp = 0
    const input = (): ConfigInput => ({ listen: { port: 0 }, stomp: { tcp }, limits: { drainSeconds: 0 } })
    const laba = await serve({ ...input(), source: input, logTo: (line) => void lines.push(line) })
    try {
      const port = laba.stompPort as number
      tcp = taken.port
      const { changes } = await laba.reload()
      const detail = `Port ${tcp} is taken. STOMP is spoken at port ${port} as before; the next reload tries again.`
      expect(changes).toEqual([{ key: "stomp.tcp", holds: "not-yet", detail }])
      // Not said once and forgotten: it is still not what is configured.
      expect((await laba.reload()).changes).toEqual([{ key: "stomp.tcp", holds: "not-yet", detail }])
      expect(lines.join("")).toMatch(/stomp_port_failed/)
      expect(laba.stompPort).toBe(port)
      await using still = await openStompTcp(port)
      await still.connect()
      taken.stop(true)
      expect((await laba.reload()).changes).toEqual([{ key: "stomp.tcp", holds: "now" }])
      expect((await laba.reload()).changes).toEqual([])
      expect(laba.stompPort).toBe(tcp)
      await using moved = await openStompTcp(tcp)
      await moved.connect()
    } finally {
      taken.stop(true)
      await laba.close()
    }
  })

  test("a path that is no name, or that has a rule, is a mistake of the configuration", () => {
    for (const path of ["ws", "/a//b", "/_/ws", "/a b"])
      expect(serve({ listen: { port: 0 }, stomp: { paths: [path] } })).rejects.toThrow("stomp.paths")
    expect(
      serve({ listen: { port: 0 }, stomp: { paths: ["/ws"] }, channels: { "/ws": {} } }),
    ).rejects.toThrow("has a rule")
  })
})
