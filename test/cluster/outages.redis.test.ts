// What a cluster makes of a Redis that is away for longer than a lease, and of a node that stood still for as long.
import { expect, test } from "bun:test"
import type { Stage } from "../backend-api/stage.ts"
import { NodeProcess } from "./node-process.ts"
import { listenAs, nodeNames, openCluster, until } from "./stage.ts"

const channels = { "/rooms/**": { presence: true } } as const
const channel = "/rooms/1"

const users = async ({ json }: Stage): Promise<number> =>
  (await json<{ users: number }>(200, "GET", `/_/api/presence?channel=${channel}`)).users

const isReady = async ({ call }: Stage): Promise<boolean> => (await call("GET", "/_/ready")).ok

test("[R6, K2] a Redis that was away for longer than a lease and forgot everything costs no node and no user", async () => {
  await using cluster = await openCluster(2, { channels })
  const [a, b] = cluster.nodes as [Stage, Stage]
  const ann = await listenAs(a.base, "ann", channel)
  const bob = await listenAs(b.base, "bob", channel)
  ann.send({ op: "presence", ref: 2, channel, watch: true })
  await ann.frame("presence")
  await until(async () => (await users(a)) === 2)
  await cluster.redis.kill()
  await until(async () => !(await isReady(a)) && !(await isReady(b)))
  // What needs the others is refused with the time to come back, and nothing hangs.
  const away = await a.call("GET", `/_/api/connections/${bob.id}`)
  expect([away.status, away.headers.get("retry-after")]).toEqual([503, expect.any(String)])
  expect(await nodeNames(a)).toEqual(["a", "b"])
  // Longer than a lease.
  await Bun.sleep(2500)
  await cluster.redis.restart()
  await until(async () => (await isReady(a)) && (await isReady(b)))
  expect(await nodeNames(a)).toEqual(["a", "b"])
  await until(async () => (await a.call("GET", `/_/api/connections/${bob.id}`)).ok)
  await until(
    async () =>
      (await a.json<{ connections: unknown[] }>(200, "GET", "/_/api/users/bob")).connections.length === 1,
  )
  const eve = await listenAs(b.base, "eve", channel)
  await until(async () => (await users(a)) === 3 && (await users(b)) === 3)
  const changes = ann.frames.seen.flatMap((frame) => (frame.op === "members" ? frame.left : []))
  expect(changes).toEqual([])
  for (const { socket } of [ann, bob, eve]) socket.close()
}, 60_000)

test("a directory that Redis dropped is written again", async () => {
  await using cluster = await openCluster(2)
  const [a, b] = cluster.nodes as [Stage, Stage]
  const bob = await listenAs(b.base, "bob", "/c")
  const found = async () =>
    (await a.json<{ connections: unknown[] }>(200, "GET", "/_/api/users/bob")).connections.length === 1
  await until(found)
  const [key = ""] = (await cluster.redis.command("KEYS", "laba:{user-*}:bob")) as string[]
  expect(await cluster.redis.command("DEL", key)).toBe(1)
  await until(async () => (await cluster.redis.command("EXISTS", key)) === 1)
  expect(await found()).toBe(true)
  bob.socket.close()
}, 60_000)

test("[R6] a node that stood still is gone after its lease, and says everything again when it goes on", async () => {
  await using cluster = await openCluster(1, { channels })
  const [a] = cluster.nodes as [Stage]
  await using slow = await NodeProcess.start({
    engine: cluster.redis.url,
    channels,
    listen: { port: 0 },
    node: { name: "slow", lease: "2s" },
  })
  const ann = await listenAs(a.base, "ann", channel)
  const bob = await listenAs(slow.base, "bob", channel)
  ann.send({ op: "presence", ref: 2, channel, watch: true })
  await ann.frame("presence")
  await until(async () => (await users(a)) === 2)
  slow.pause()
  await until(async () => (await nodeNames(a)).join() === "a")
  await until(async () => (await a.refusal("GET", `/_/api/connections/${bob.id}`)).code === "gone")
  await until(async () => (await users(a)) === 1)
  slow.resume()
  await until(async () => (await nodeNames(a)).join() === "a,slow")
  await until(async () => (await users(a)) === 2)
  await until(async () => (await a.call("GET", `/_/api/connections/${bob.id}`)).ok)
  await until(
    async () =>
      (await a.json<{ connections: unknown[] }>(200, "GET", "/_/api/users/bob")).connections.length === 1,
  )
  const told = () =>
    ann.frames.seen.flatMap((frame) =>
      frame.op === "members"
        ? [...frame.left.map((user) => `${user} left`), ...frame.joined.map(({ user }) => `${user} came`)]
        : [],
    )
  await until(() => told().slice(-2).join() === "bob left,bob came")
  for (const { socket } of [ann, bob]) socket.close()
}, 60_000)

test("[K10] nodes that are asked keep everybody's cursors over a planned restart of Redis", async () => {
  await using cluster = await openCluster(2, { redis: { durable: true } })
  const [a, b] = cluster.nodes as [Stage, Stage]
  const ann = await listenAs(a.base, "ann", "/c")
  const publish = async (node: Stage, data: number): Promise<string> => {
    let cursor = ""
    await until(async () => {
      const answer = await node.call("POST", "/c", { data })
      if (answer.ok) cursor = ((await answer.json()) as { cursor: string }).cursor
      return answer.ok
    })
    return cursor
  }
  const cursor = await publish(b, 1)
  await ann.frame("message")
  await cluster.redis.command("SHUTDOWN", "SAVE").catch(() => undefined)
  await cluster.redis.restart()
  await publish(b, 2)
  expect(await ann.frame("message")).toMatchObject({ data: { data: 2 } })
  // It may still have to learn that the numbering goes on, and refuses until then.
  await until(async () => (await a.call("GET", `/c?after=${cursor}`)).ok)
  const page = await a.json<{ reset: string | null; messages: unknown[] }>(200, "GET", `/c?after=${cursor}`)
  expect([page.reset, page.messages.length]).toEqual([null, 1])
  expect(ann.frames.seen.some(({ op }) => op === "reset")).toBe(false)
  ann.socket.close()
}, 60_000)
