// Finding a user among nodes: one look, whatever the number of nodes, and the truth about one that does not answer.
import { expect, test } from "bun:test"
import { NodeProcess } from "./node-process.ts"
import { listenAs, nodeNames, openCluster, until } from "./stage.ts"
import type { Stage } from "../backend-api/stage.ts"
import type { RedisProcess } from "../support/redis-servers.ts"

/** How often each command was called, in all. */
async function calls(redis: RedisProcess): Promise<Map<string, number>> {
  const text = String(await redis.command("INFO", "commandstats"))
  return new Map(
    [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map((found) => [found[1] ?? "", Number(found[2])]),
  )
}

const push = async (node: Stage, user: string, data: unknown) =>
  node.json<{ clusterListeners: number; nodes: number }>(201, "POST", `/_/api/users/${user}/messages`, {
    topic: "t",
    data,
  })

test("[K2] who a user is connected to is one look in Redis, with four nodes as with two", async () => {
  await using cluster = await openCluster(4)
  const [a, b] = cluster.nodes as [Stage, Stage]
  const ann = await listenAs(b.base, "ann", "/@ann/t")
  await until(async () => (await push(a, "ann", 0)).nodes === 1)
  const before = await calls(cluster.redis)
  const pushes = 20
  for (let data = 1; data <= pushes; data++)
    expect(await push(a, "ann", data)).toMatchObject({ clusterListeners: 1, nodes: 1 })
  const after = await calls(cluster.redis)
  const during = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  expect(during("zrange")).toBe(pushes)
  expect(during("hexists")).toBe(0)
  // The question and its answer are two, and the message is one of a script's; the rest is the nodes' own voices, each second.
  expect(during("publish")).toBeGreaterThanOrEqual(2 * pushes)
  ann.socket.close()
}, 60_000)

test("[K3] a user's node that stands still is not counted, until it answers again", async () => {
  await using cluster = await openCluster(1)
  const [a] = cluster.nodes as [Stage]
  await using slow = await NodeProcess.start({
    engine: cluster.redis.url,
    listen: { port: 0 },
    node: { name: "slow", lease: "60s" },
  })
  const bob = await listenAs(slow.base, "bob", "/@bob/t")
  await until(async () => (await push(a, "bob", 0)).nodes === 1)
  slow.pause()
  expect(await push(a, "bob", 1)).toMatchObject({ clusterListeners: 0, nodes: 0 })
  expect(await nodeNames(a)).toEqual(["a", "slow"])
  for (let data = 2; data < 20; data++) expect(await push(a, "bob", data)).toMatchObject({ nodes: 0 })
  slow.resume()
  await until(async () => (await push(a, "bob", 20)).nodes === 1)
  bob.socket.close()
}, 90_000)
