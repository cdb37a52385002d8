// Sessions of SockJS whose polls, streams and messages come to any node of a cluster, without a cookie.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { publish } from "../support/publish.ts"
import { eventually } from "../support/eventually.ts"
import { credentials, tokenFor, shop } from "../access/guarded.ts"
import type { RedisProcess } from "../support/redis-servers.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { dialSockJs, type SockJsCarrier } from "../support/sockjs-socket.ts"
import { freshSession, openStream, poll, post, send } from "../support/sockjs-session.ts"
import { services } from "../sockjs/services.ts"
import { type ClusterStage, openCluster } from "./stage.ts"

test("[J4] raw messages are heard from the moment on that a session is told that it is open", async () => {
  const rooms = Array.from({ length: 12 }, (_, index) => `/room${index}`)
  const paths = Object.fromEntries(
    rooms.map((channel) => [`/chat${channel}`, { protocol: "raw" as const, channel }]),
  )
  await using cluster = await openCluster(2, { sockjs: { paths } })
  const [base, other] = cluster.nodes.map((node) => node.base) as [string, string]
  const carriers = ["websocket", "xhr_streaming", "xhr"] as const
  for (const [index, channel] of rooms.entries()) {
    const dial = dialSockJs(carriers[index % carriers.length] as SockJsCarrier)
    await using listener = await listenByRawSocket(`${base}/chat${channel}`, [], dial)
    await publish(other + channel, "at once")
    expect(await listener.message()).toMatchObject({ data: "at once" })
  }
})

describe("a session of SockJS in a cluster", () => {
  let cluster: ClusterStage<RedisProcess>
  beforeAll(async () => {
    cluster = await openCluster(3, { sockjs: services })
  }, 60_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  /** One session as each node has it. */
  function fresh(): [string, string, string] {
    const path = freshSession("/echo")
    const [a, b, c] = cluster.nodes.map(({ base }) => base + path)
    return [a as string, b as string, c as string]
  }

  test("[J14] is polled and sent to by any node", async () => {
    const [a, b, c] = fresh()
    expect(await poll(a)).toBe("o\n")
    expect((await send(b, "by b")).status).toBe(204)
    expect(await poll(c)).toBe('a["by b"]\n')
    const waiting = poll(b)
    await Bun.sleep(100)
    await publish(`${cluster.nodes[2]?.base}/echoes`, "by HTTP")
    expect(await waiting).toBe('a["by HTTP"]\n')
    expect((await send(c, "by c")).status).toBe(204)
    await using stream = await openStream(`${b}/xhr_streaming`, "POST")
    await stream.ended
    expect(stream.frames.seen.slice(1)).toEqual(['a["by c"]'])
  })

  test("[J14] [J6] has one receiver on all nodes", async () => {
    const [a, b, c] = fresh()
    await poll(b)
    const first = poll(a)
    await Bun.sleep(100)
    for (const other of [a, b, c]) expect(await poll(other)).toBe('c[2010,"Another connection still open"]\n')
    await send(c, "x")
    expect(await first).toBe('a["x"]\n')
  })

  test("[J14] [J7] ends by a poll that was cut on its way over another node", async () => {
    const [a, b, c] = fresh()
    await poll(a)
    const abort = new AbortController()
    const cut = fetch(`${b}/xhr`, { method: "POST", signal: abort.signal }).catch(() => undefined)
    await Bun.sleep(100)
    abort.abort()
    await cut
    await eventually(async () => expect((await send(c, "x")).status).toBe(404))
    expect(await poll(c)).toBe('c[1002,"Connection interrupted"]\n')
  })

  test("[J14] [J5] where there is none, none is found", async () => {
    const [, b] = fresh()
    expect((await send(b, "x")).status).toBe(404)
    expect((await post(`${b}/xhr_send`, '["x')).status).toBe(500)
  })

  test("[J14] is one session, however many nodes it is asked of for the first time at once", async () => {
    for (let round = 0; round < 20; round++) {
      const session = fresh()
      const abort = new AbortController()
      const heard: string[] = []
      const polls = session.map(async (at) => {
        const answer = await post(`${at}/xhr`, "", {}, abort.signal).catch(() => ({ body: "" }))
        heard.push(answer.body)
      })
      await eventually(async () => expect(heard).toContain("o\n"))
      // Who was second waits for what comes next, or is told that another does.
      expect((await send(session[0], "x")).status).toBe(204)
      await eventually(async () => expect(heard.length).toBeGreaterThanOrEqual(2))
      abort.abort()
      await Promise.all(polls)
      expect(heard.filter((body) => body === "o\n")).toHaveLength(1)
      for (const body of heard)
        expect(["o\n", 'a["x"]\n', 'c[2010,"Another connection still open"]\n', ""]).toContain(body)
    }
  }, 60_000)

  test("[J14] asks no other node about sessions that nobody opened, however many are named", async () => {
    const [a] = fresh()
    const questions = async (): Promise<{ looked: number; asked: number }> => {
      const stats = String(await cluster.redis.command("INFO", "commandstats"))
      const calls = (name: string): number =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
      return { looked: calls("get"), asked: calls("publish") }
    }
    const before = await questions()
    const count = 200
    for (let n = 0; n < count; n++) expect((await send(`${a}-${n}`, "x")).status).toBe(404)
    const after = await questions()
    expect(after.looked - before.looked).toBeLessThanOrEqual(count + 5)
    // What nodes say to each other by themselves meanwhile.
    expect(after.asked - before.asked).toBeLessThan(count / 4)
  }, 60_000)

  test("[J14] is found again after Redis has forgotten everything", async () => {
    // It listens to nothing, or it would be told that its channel has begun anew.
    const path = freshSession("/live")
    const [a, b] = cluster.nodes.map(({ base }) => base + path) as [string, string]
    await poll(a)
    expect(await poll(a)).toContain("hello")
    await cluster.redis.flush()
    await eventually(async () => expect((await send(b, '{"op":"ping"}')).status).toBe(204))
    expect(await poll(b)).toContain("pong")
  }, 30_000)

  test("[J14] opens anew on another node when its own has gone", async () => {
    const path = freshSession("/echo")
    const gone = await cluster.add()
    await poll(gone.base + path)
    await eventually(async () =>
      expect((await send(`${cluster.nodes[0]?.base}${path}`, "x")).status).toBe(204),
    )
    await gone[Symbol.asyncDispose]()
    // Until its lease is over it is not known to be gone, and its sessions are answered with 503.
    await eventually(async () => expect(await poll(`${cluster.nodes[0]?.base}${path}`)).toBe("o\n"))
  }, 30_000)
})

test("[J14] [J11] is found by its own user alone, on other nodes too", async () => {
  const headers = { Authorization: `Bearer ${shop.text}` }
  await using cluster = await openCluster(2, { ...credentials, sockjs: services }, headers)
  const path = freshSession("/websocket")
  const [a, b] = cluster.nodes.map(({ base }) => base + path) as [string, string]
  const as = async (user: string) => ({ Authorization: `Bearer ${await tokenFor(user)}` })
  expect((await post(`${a}/xhr`, "", await as("ann"))).body).toBe("o\n")
  expect((await post(`${b}/xhr`, "", await as("bob"))).status).toBe(404)
  expect((await post(`${b}/xhr_send`, '["x"]', await as("bob"))).status).toBe(404)
  expect((await post(`${b}/xhr_send`, '["\\n"]', await as("ann"))).status).toBe(204)
}, 60_000)
