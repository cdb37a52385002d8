// Nodes whose clocks are wrong, over one Redis: what a clock judges was told by the same clock.
import { expect, spyOn, test } from "bun:test"
import { readAddress } from "../../src/config/redis-address.ts"
import { RedisClient } from "../../src/redis/redis-client.ts"
import type { Revocation } from "../../src/cluster/nodes.ts"
import { UserDirectory } from "../../src/cluster/redis/user-directory.ts"
import { SharedRevocations } from "../../src/cluster/redis/shared-revocations.ts"
import type { Stage } from "../backend-api/stage.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { NodeProcess } from "./node-process.ts"
import { openCluster, until } from "./stage.ts"

const minuteMs = 60_000

interface Page {
  readonly reset: string | null
  readonly messages: readonly { readonly data: unknown; readonly time: number }[]
}

test.each([
  ["behind", -2 * minuteMs],
  ["ahead", 2 * minuteMs],
])(
  "[K8] a message from a node two minutes %s ages nobody's history, and has the time of the others",
  async (_, clockShiftMs) => {
    const channels = { "/**": { history: { count: 100, time: "1m" } } } as const
    await using cluster = await openCluster(1, { channels })
    const [right] = cluster.nodes as [Stage]
    await using wrong = await NodeProcess.start(
      { engine: cluster.redis.url, channels, listen: { port: 0 } },
      { clockShiftMs },
    )
    const publish = async (base: string, data: string): Promise<string> => {
      const answer = await fetch(`${base}/c`, { method: "POST", body: data })
      expect(answer.status).toBe(201)
      return ((await answer.json()) as { cursor: string }).cursor
    }
    const start = await publish(right.base, "start")
    await publish(right.base, "one")
    await publish(wrong.base, "two")
    await publish(right.base, "three")
    for (const base of [right.base, wrong.base]) {
      const page = (await (await fetch(`${base}/c?after=${start}`)).json()) as Page
      expect(page.reset).toBeNull()
      expect(page.messages.map(({ data }) => data)).toEqual(["one", "two", "three"])
      const times = page.messages.map(({ time }) => time)
      expect(Math.max(...times) - Math.min(...times)).toBeLessThan(minuteMs)
    }
  },
  60_000,
)

interface ListedNode {
  readonly name: string
  readonly clockOffsetMs: number | null
}

test("[K9] how far a node's clock is off is told by every node, and by its metrics", async () => {
  await using cluster = await openCluster(1)
  const [right] = cluster.nodes as [Stage]
  await using wrong = await NodeProcess.start(
    { engine: cluster.redis.url, listen: { port: 0 }, node: { name: "wrong" } },
    { clockShiftMs: -2 * minuteMs },
  )
  for (const base of [right.base, wrong.base]) {
    let nodes: readonly ListedNode[] = []
    // The first comparison is told with the second renewal of the lease.
    await until(async () => {
      nodes = ((await (await fetch(`${base}/_/api/nodes`)).json()) as { nodes: ListedNode[] }).nodes
      return nodes.length === 2 && nodes.every(({ clockOffsetMs }) => clockOffsetMs !== null)
    })
    for (const { name, clockOffsetMs } of nodes)
      // A little behind rounds to -0, which is 0 to everybody but `toBe`.
      expect(Math.round((clockOffsetMs ?? 0) / minuteMs) || 0).toBe(name === "wrong" ? -2 : 0)
  }
  const text = await (await fetch(`${wrong.base}/_/metrics`)).text()
  expect(Number(/^laba_clock_offset_seconds (\S+)$/m.exec(text)?.[1])).toBeLessThan(-60)
}, 60_000)

/** Does something while this process' clock is an hour ahead. */
async function anHourAhead(act: () => Promise<unknown>): Promise<void> {
  const real = Date.now
  const clock = spyOn(Date, "now").mockImplementation(() => real() + 60 * minuteMs)
  try {
    await act()
  } finally {
    clock.mockRestore()
  }
}

test("[K8] a node whose clock is ahead forgets no revocation that others still need", async () => {
  await using redis = await RedisProcess.start()
  const client = await openRedis(redis.url)
  const made = (taken: Revocation[]) =>
    new SharedRevocations({
      redis: client,
      local: {
        lifetimeMaxMs: 24 * 60 * minuteMs,
        apply: (one) => void taken.push(one),
        all: () => [],
      },
    })
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + 600
  const node = made([])
  await node.add({ token: "stolen", expiresAtSeconds })
  await anHourAhead(() => node.add({ token: "other", expiresAtSeconds: expiresAtSeconds + 3600 }))
  const taken: Revocation[] = []
  node.stop()
  const later = made(taken)
  // Told, read, or both.
  await until(
    () => ["stolen", "other"].every((token) => taken.some((one) => "token" in one && one.token === token)),
    10_000,
  )
  later.stop()
  client.close()
}, 60_000)

test("[K8] a node whose clock is ahead unbinds no user from the others", async () => {
  await using redis = await RedisProcess.start()
  const client = await openRedis(redis.url)
  const made = (self: string) =>
    new UserDirectory({
      redis: client,
      self,
      local: { users: 1, countOfUser: () => 1, userNames: () => ["bob"] },
    })
  const [right, ahead] = [made("right"), made("ahead")]
  const found = () => right.nodesOf("bob", ["right", "ahead"])
  right.userChanged("bob")
  await until(async () => (await found()).join() === "right")
  await anHourAhead(async () => {
    // It says again who is with it, as with each renewal of its lease.
    ahead.renewed(true)
    await until(async () => (await found()).includes("ahead"))
  })
  expect(await found()).toEqual(["right", "ahead"])
  client.close()
}, 60_000)

async function openRedis(url: string): Promise<RedisClient> {
  const read = readAddress(url)
  if ("wrong" in read) throw new Error(read.wrong)
  const client = new RedisClient({ address: read.address, prefix: "laba" })
  await client.opened(10_000)
  return client
}
