// Presence over several nodes: one list, told on each; a node that is killed, and a Redis that forgets.
import { expect, test } from "bun:test"
import { connectByLaba, type LabaListener } from "../support/laba-socket.ts"
import type { Stage } from "../backend-api/stage.ts"
import { createRandom } from "../client/simulation.ts"
import { NodeProcess } from "./node-process.ts"
import { listenAs, nodeNames, openCluster, until } from "./stage.ts"

const channels = { "/rooms/**": { presence: true } } as const

const names = async ({ json }: Stage, channel: string): Promise<string[]> => {
  const { members } = await json<{ members: { user: string }[] }>(
    200,
    "GET",
    `/_/api/presence?channel=${channel}&limit=1000`,
  )
  return members.map(({ user }) => user).sort()
}

const isReady = async ({ call }: Stage): Promise<boolean> => (await call("GET", "/_/ready")).ok

/** Watches a channel, and counts how often each user came and left. */
class Watch {
  readonly came = new Map<string, number>()
  readonly left = new Map<string, number>()
  users = 0

  static async of(listener: LabaListener, channel: string): Promise<Watch> {
    const watch = new Watch()
    listener.send({ op: "presence", ref: "watch", channel, watch: true })
    const { members, users } = await listener.frame("presence")
    watch.users = users
    for (const { user } of members) watch.came.set(user, 1)
    void watch.hear(listener)
    return watch
  }

  private async hear(listener: LabaListener): Promise<void> {
    for (;;) {
      const frame = await listener.frames.next(600_000).catch(() => null)
      if (frame === null) return
      if (frame.op !== "members") continue
      this.users = frame.users
      for (const { user } of frame.joined) this.came.set(user, (this.came.get(user) ?? 0) + 1)
      for (const user of frame.left) this.left.set(user, (this.left.get(user) ?? 0) + 1)
    }
  }
}

test("[R1, R2, R4] members of all nodes are one list, and every node tells who came and who left", async () => {
  await using cluster = await openCluster(2, { channels })
  const [a, b] = cluster.nodes as [Stage, Stage]
  const channel = "/rooms/1"
  const ann = await listenAs(a.base, "ann", channel)
  const bob = await listenAs(b.base, "bob", channel)
  const watches = [await Watch.of(ann, channel), await Watch.of(bob, channel)]
  const carol = [await listenAs(a.base, "carol", channel), await listenAs(b.base, "carol", channel)] as const
  await until(() => watches.every(({ came }) => came.size === 3))
  expect(await names(a, channel)).toEqual(["ann", "bob", "carol"])
  expect(await names(b, channel)).toEqual(["ann", "bob", "carol"])
  // She changes nodes: she has not left.
  carol[0].socket.close()
  const dan = await listenAs(b.base, "dan", channel)
  await until(() => watches.every(({ came }) => came.has("dan")))
  dan.socket.close()
  await until(() => watches.every(({ left }) => left.has("dan")))
  for (const { came, left, users } of watches) {
    expect(users).toBe(3)
    expect([...came]).toEqual([...came].map(([user]) => [user, 1]))
    expect([...left]).toEqual([["dan", 1]])
  }
}, 60_000)

test("[R3] what nodes missed of each other while their links were cut is made up, and told net", async () => {
  await using cluster = await openCluster(2, { channels })
  const [a, b] = cluster.nodes as [Stage, Stage]
  const channel = "/rooms/cut"
  const seed = Number(process.env["LABA_SEED"] ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}`)
  const random = createRandom(seed)
  const watchers = [await connectByLaba(`${a.base}/_/ws`), await connectByLaba(`${b.base}/_/ws`)]
  const watches = await Promise.all(watchers.map((watcher) => Watch.of(watcher, channel)))
  const open: { readonly user: string; readonly listener: LabaListener }[] = []
  for (let step = 0; step < 240; step++) {
    const at = Math.floor(random() * open.length)
    if (random() < 0.4 && open.length > 0) open.splice(at, 1)[0]?.listener.socket.close()
    else {
      const user = `u${Math.floor(random() * 60)}`
      open.push({ user, listener: await listenAs((random() < 0.5 ? a : b).base, user, channel) })
    }
    if (step % 30 === 29) {
      await cluster.redis.command("CLIENT", "KILL", "TYPE", random() < 0.5 ? "pubsub" : "normal")
      // Listening anew needs the engine.
      await until(async () => (await isReady(a)) && (await isReady(b)))
    }
  }
  const truth = [...new Set(open.map(({ user }) => user))].sort()
  const settled = async () =>
    (await names(a, channel)).join() === truth.join() && (await names(b, channel)).join() === truth.join()
  await until(settled)
  const net = ({ came, left }: Watch): string[] =>
    [...came].filter(([user, times]) => times - (left.get(user) ?? 0) === 1).map(([user]) => user)
  await until(() => watches.every((watch) => net(watch).sort().join() === truth.join()))
  for (const { listener } of open) listener.socket.close()
  for (const { socket } of watchers) socket.close()
}, 120_000)

test("[R6] when Redis forgets everything, nobody leaves", async () => {
  await using cluster = await openCluster(2, { channels })
  const [a, b] = cluster.nodes as [Stage, Stage]
  const channel = "/rooms/2"
  const ann = await listenAs(a.base, "ann", channel)
  const bob = await listenAs(b.base, "bob", channel)
  const watch = await Watch.of(ann, channel)
  await until(() => watch.users === 2)
  await cluster.redis.command("FLUSHALL")
  await until(async () => (await nodeNames(a)).length === 2)
  const eve = await listenAs(b.base, "eve", channel)
  await until(() => watch.came.has("eve"))
  // Bob's node has said again that he is there: a newcomer's list has him.
  await using third = await cluster.add({ channels })
  await until(async () => (await names(third, channel)).join() === "ann,bob,eve")
  const found = async () =>
    (await third.json<{ connections: unknown[] }>(200, "GET", "/_/api/users/bob")).connections.length === 1
  await until(found)
  expect([...watch.left]).toEqual([])
  for (const { socket } of [bob, eve]) socket.close()
}, 60_000)

test("[R6, K3] of 5,000 users of a node that is killed each leaves once or is back, and pushes tell the truth", async () => {
  await using cluster = await openCluster(1, { channels })
  const [b] = cluster.nodes as [Stage]
  await using node = await NodeProcess.start({
    engine: cluster.redis.url,
    channels,
    listen: { port: 0 },
    node: { name: "killed", lease: "2s" },
  })
  const channel = "/rooms/big"
  const watcher = await connectByLaba(`${b.base}/_/ws`)
  const watch = await Watch.of(watcher, channel)
  const users = Array.from({ length: 5000 }, (_, index) => `u${index}`)
  const sockets: LabaListener[] = []
  for (let at = 0; at < users.length; at += 100) {
    const some = users.slice(at, at + 100).map((user) => listenAs(node.base, user, channel))
    sockets.push(...(await Promise.all(some)))
  }
  await until(() => watch.came.size === users.length)
  const push = async (user: string) => {
    const answer = await b.json<{ nodes: number; listeners: number }>(
      201,
      "POST",
      `/_/api/users/${user}/messages`,
      { topic: "x", data: 1 },
    )
    return answer.nodes
  }
  const hears = await listenAs(node.base, "pushed", "/@pushed/x")
  await until(async () => (await push("pushed")) === 1)
  await node.kill()
  // At once, while its lease still runs: nobody there hears.
  expect(await push("pushed")).toBe(0)
  const back = users.slice(0, 500)
  const returned = await Promise.all(back.map((user) => listenAs(b.base, user, channel)))
  await until(() => watch.left.size === users.length - back.length)
  await until(() => watch.users === back.length)
  expect([...watch.left.values()].filter((times) => times !== 1)).toEqual([])
  expect([...watch.came.values()].filter((times) => times !== 1)).toEqual([])
  expect(back.filter((user) => watch.left.has(user))).toEqual([])
  expect((await names(b, channel)).length).toBe(back.length)
  expect(await nodeNames(b)).toEqual(["a"])
  for (const { socket } of [...sockets, ...returned, hears, watcher]) socket.close()
}, 120_000)
