// The connection: racing, proving, coming back, staying away, noticing death.
import { expect, test } from "bun:test"
import type { ConnectionState } from "../../client/laba.ts"
import { startSimulation } from "./simulation.ts"

test("opens a WebSocket, and trusts it once a ping is answered", async () => {
  const { laba, clock, network } = startSimulation()
  expect(laba.state).toBe("connecting")
  await clock.pass(100)
  expect(laba.state).toBe("open")
  expect(laba.transport).toBe("websocket")
  expect(laba.connection).toBe("c1")
  expect(network.attempts).toEqual(["websocket"])
})

test("starts SSE beside a WebSocket that has not proven itself within 2 s", async () => {
  const { laba, clock, network, server } = startSimulation({}, ({ server }) => {
    server.isMute = true
  })
  await clock.pass(1_990)
  expect(network.attempts).toEqual(["websocket"])
  server.isMute = false
  await clock.pass(100)
  expect(network.attempts).toEqual(["websocket", "sse"])
  expect(laba.transport).toBe("sse")
  expect(server.connections).toBe(1)
})

test("starts the next transport at once when one fails, down to poll", async () => {
  const { laba, clock, network } = startSimulation({}, ({ network }) => {
    network.blocked.add("websocket").add("sse")
  })
  await clock.pass(200)
  expect(network.attempts).toEqual(["websocket", "sse", "poll"])
  expect(laba.transport).toBe("poll")
})

test("falls to poll when a proxy buffers streams", async () => {
  const { laba, clock } = startSimulation({}, ({ network }) => {
    network.blocked.add("websocket")
    network.buffers = true
  })
  await clock.pass(2_500)
  expect(laba.transport).toBe("poll")
})

test("tries the transport first that won within the last half hour", async () => {
  const first = startSimulation({}, ({ network }) => network.blocked.add("websocket"))
  await first.clock.pass(200)
  first.laba.close()
  const [key, value] = [...first.stored][0] as [string, string]

  const again = startSimulation({}, ({ stored }) => stored.set(key, value))
  await again.clock.pass(200)
  expect(again.network.attempts).toEqual(["sse"])

  const late = startSimulation({}, ({ stored, clock }) => {
    stored.set(key, value)
    clock.sleep(31 * 60_000)
  })
  await late.clock.pass(200)
  expect(late.network.attempts).toEqual(["websocket"])
})

test("moves to a better transport later", async () => {
  const { laba, clock, network, server } = startSimulation({}, ({ network }) =>
    network.blocked.add("websocket"),
  )
  await clock.pass(200)
  expect(laba.transport).toBe("sse")
  await clock.pass(300_000)
  expect(laba.transport).toBe("sse")
  network.blocked.clear()
  const states: ConnectionState[] = []
  laba.on("state", (state) => states.push(state))
  await clock.pass(300_000)
  expect(laba.transport).toBe("websocket")
  expect(states).toEqual([{ state: "open", reason: null, transport: "websocket" }])
  expect(server.connections).toBe(1)
})

test("[E4] comes back after a random wait that grows to 20 s and no further", async () => {
  const { laba, clock, network } = startSimulation(
    { transports: ["websocket"], random: () => 0.999 },
    ({ network }) => {
      network.isUp = false
    },
  )
  const waits: number[] = []
  let lostAt = 0
  laba.on("state", ({ state }) => {
    if (state === "waiting") lostAt = clock.now()
    if (state === "connecting") waits.push(Math.round((clock.now() - lostAt) / 1000))
  })
  await clock.pass(120_000)
  expect(waits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 20, 20, 20])
  network.isUp = true
  await clock.pass(21_000)
  expect(laba.state).toBe("open")
})

test("[E4] stays away when told to, and says why", async () => {
  const { laba, clock, server, network } = startSimulation()
  await clock.pass(100)
  const states: ConnectionState[] = []
  laba.on("state", (state) => states.push(state))
  const waiting = laba.channel("/a").ready()
  waiting.catch(() => {})
  server.endAll({ op: "error", code: "forbidden", detail: "no", retry: "stay-away" })
  await clock.pass(60_000)
  expect(states.map(({ state, reason }) => [state, reason?.code])).toEqual([["closed", "forbidden"]])
  expect(network.attempts).toEqual(["websocket"])
  await expect(waiting).rejects.toMatchObject({ code: "forbidden" })
  await expect(laba.publish("/a", 1)).rejects.toMatchObject({ code: "forbidden" })
})

test("[E7] comes back no sooner than an error frame says", async () => {
  const { laba, clock, server, network } = startSimulation()
  await clock.pass(100)
  server.endAll({ op: "error", code: "too_many_connections", detail: "", retry: "back-off", retryAfter: 60 })
  await clock.pass(59_000)
  expect([laba.state, network.attempts.length]).toEqual(["waiting", 1])
  await clock.pass(3_000)
  expect([laba.state, network.attempts.length]).toEqual(["open", 2])
})

test("[E4] comes back at once when told to, and waits only when that fails too", async () => {
  const { laba, clock, server, network } = startSimulation()
  await clock.pass(6_000)
  const slow = { op: "error", code: "slow", detail: "", retry: "at-once" } as const
  server.endAll(slow)
  await clock.pass(50)
  expect(laba.state).toBe("open")
  expect(network.attempts.length).toBe(2)
  server.endAll(slow)
  await clock.pass(10)
  expect(laba.state).toBe("waiting")
  await clock.pass(2_100)
  expect(laba.state).toBe("open")
})

test("comes back at once when the network is back or the page is shown", async () => {
  for (const event of ["online", "shown"] as const) {
    const { laba, clock, network, page } = startSimulation({ random: () => 0.999 }, ({ network }) => {
      network.isUp = false
    })
    await clock.pass(10_000)
    expect(laba.state).toBe("waiting")
    network.isUp = true
    page(event)
    await clock.pass(100)
    expect(laba.state).toBe("open")
  }
})

test("[E6] pings after a silence, and takes silence of twice the heartbeat for death", async () => {
  const { laba, clock, server, network } = startSimulation()
  await clock.pass(60_000)
  // Answered pings keep it.
  expect(network.attempts.length).toBe(1)
  server.isMute = true
  await clock.pass(85_000)
  expect(network.attempts.length).toBeGreaterThan(1)
  server.isMute = false
  await clock.pass(30_000)
  expect(laba.state).toBe("open")
})

test("finds out within 2.5 s of waking that the socket died in its sleep", async () => {
  const { laba, clock, network } = startSimulation()
  await clock.pass(100)
  network.cut({ isSilent: true })
  clock.sleep(3_600_000)
  await clock.pass(2_600)
  expect(laba.state).toBe("open")
  expect(network.attempts.length).toBe(2)
})

test("finds out within 2.5 s of being shown that the socket is dead", async () => {
  const { laba, clock, network, page } = startSimulation()
  await clock.pass(100)
  network.cut({ isSilent: true })
  page("shown")
  await clock.pass(2_600)
  expect(laba.state).toBe("open")
  expect(network.attempts.length).toBe(2)
})

test("keeps its connection while the page is hidden, unless told otherwise", async () => {
  const keeping = startSimulation()
  await keeping.clock.pass(100)
  keeping.page("hidden")
  await keeping.clock.pass(60_000)
  expect(keeping.laba.state).toBe("open")

  const closing = startSimulation({ whenHidden: "close" })
  await closing.clock.pass(100)
  closing.page("hidden")
  await closing.clock.pass(100)
  expect(closing.laba.state).toBe("idle")
  expect(closing.server.connections).toBe(0)
  closing.page("shown")
  await closing.clock.pass(100)
  expect(closing.laba.state).toBe("open")
})

test("[N10] opens a new session when the old one is gone, without waiting", async () => {
  const { laba, clock, network, server } = startSimulation({ transports: ["poll"] })
  await clock.pass(6_000)
  server.restart({ forgets: false })
  await clock.pass(100)
  expect(laba.state).toBe("open")
  expect(network.attempts).toEqual(["poll", "poll"])
})

test("gives the token before anything else, and asks for a new one on every connection", async () => {
  let tokens = 0
  const { laba, clock, server, network } = startSimulation(
    { token: async () => `t${++tokens}` },
    ({ server }) => {
      server.token = "t1"
    },
  )
  await clock.pass(100)
  expect(laba.state).toBe("open")
  server.token = "t2"
  network.cut({ isSilent: false })
  await clock.pass(2_000)
  expect(server.tokensSeen).toEqual(["t1", "t2"])
  expect(laba.state).toBe("open")
})

test("refreshes the token in place, before it runs out", async () => {
  let tokens = 0
  const { clock, server, network } = startSimulation({ token: () => `t${++tokens}` }, ({ server }) => {
    server.tokenSeconds = 60
  })
  await clock.pass(200_000)
  expect(server.tokensSeen).toEqual(["t1", "t2", "t3", "t4", "t5"])
  expect(network.attempts.length).toBe(1)
})

test("refreshes the token when the server says that it runs out, however late its own timers are", async () => {
  let tokens = 0
  const { clock, server, network } = startSimulation({ token: () => `t${++tokens}` }, ({ server }) => {
    server.tokenSeconds = 600
  })
  await clock.pass(100_000)
  server.tellAll({ op: "expiring", seconds: 30 })
  await clock.pass(100)
  expect(server.tokensSeen).toEqual(["t1", "t2"])
  // From then on it counts from the new one.
  await clock.pass(470_000)
  expect(server.tokensSeen).toEqual(["t1", "t2"])
  await clock.pass(20_000)
  expect(server.tokensSeen).toEqual(["t1", "t2", "t3"])
  expect(network.attempts.length).toBe(1)
})

test("asks for a token at most once a second, though each is as good as over", async () => {
  const { clock, server } = startSimulation({ token: () => "t" }, ({ server }) => {
    server.tokenSeconds = 0.01
  })
  await clock.pass(10_500)
  expect(server.tokensSeen.length).toBe(11)
})

test("stays away when its token is refused, and comes back when a token ran out in use", async () => {
  const refused = startSimulation({ token: () => "wrong" }, ({ server }) => {
    server.token = "right"
  })
  await refused.clock.pass(60_000)
  expect(refused.laba.state).toBe("closed")
  expect(refused.network.attempts).toEqual(["websocket"])

  const expired = startSimulation({ token: () => "right" })
  await expired.clock.pass(6_000)
  expired.server.endAll({ op: "error", code: "token_expired", detail: "", retry: "stay-away" })
  await expired.clock.pass(100)
  expect(expired.laba.state).toBe("open")
})

test("waits and tries again when the token function fails", async () => {
  let calls = 0
  const token = async (): Promise<string> => {
    if (++calls < 3) throw new Error("the login server is down")
    return "t"
  }
  const { laba, clock } = startSimulation({ token })
  await clock.pass(10)
  expect(laba.state).toBe("waiting")
  await clock.pass(10_000)
  expect(laba.state).toBe("open")
  expect(calls).toBe(3)
})

test("hands on what is pushed to this connection alone", async () => {
  const { laba, clock, server } = startSimulation()
  await clock.pass(100)
  const heard: unknown[] = []
  laba.on("direct", (direct) => heard.push(direct))
  server.tellAll({ op: "direct", type: "application/json", data: { a: 1 } })
  server.tellAll({ op: "direct", type: "application/octet-stream", data: "AQI=", base64: true })
  await clock.pass(100)
  expect(heard).toEqual([
    { type: "application/json", data: { a: 1 }, text: '{"a":1}' },
    { type: "application/octet-stream", data: new Uint8Array([1, 2]), text: null },
  ])
})

test("leaves nothing running after close", async () => {
  for (const transport of ["websocket", "sse", "poll"] as const) {
    const { laba, clock, server } = startSimulation({ transports: [transport] })
    laba.channel("/a").on("message", () => {})
    await clock.pass(100)
    expect(server.listeners("/a")).toBe(1)
    laba.close()
    await clock.pass(60_000)
    expect(laba.state).toBe("closed")
    expect(server.connections).toBe(0)
    expect(server.opened).toBe(1)
  }
})

test.each([undefined, "", 42])(
  "asks again when the token function gives %p, and sends nothing of it",
  async (given) => {
    let asked = 0
    const token = (): string => (++asked < 3 ? (given as string) : "right")
    const { laba, clock, server } = startSimulation({ token }, ({ server }) => {
      server.token = "right"
    })
    const reasons: string[] = []
    laba.on("state", ({ reason }) => {
      if (reason) reasons.push(`${reason.code}: ${reason.detail}`)
    })
    await clock.pass(60_000)
    expect(laba.state).toBe("open")
    expect(server.tokensSeen).toEqual(["right"])
    expect(reasons).toHaveLength(2)
    expect(reasons[0]).toMatch(
      /^token_failed: TypeError: the token function gave (undefined|an empty text|number), not /,
    )
  },
)
