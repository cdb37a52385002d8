// Hooks in a cluster whose Redis forgets everything, or is away for longer than a lease: nobody is sent away for it, and every
// end is told once all the same.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import type { ConfigInput } from "../../src/server/index.ts"
import { until } from "../cluster/stage.ts"
import { connectByLaba, type LabaListener } from "../support/laba-socket.ts"
import { type ServerProcess, startProcess } from "../support/process.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { type BackendProcess, local, secret, startBackend } from "./backend-process.ts"

setDefaultTimeout(120_000)

const connections = 8
const leaseMs = 2000
let backend: BackendProcess

beforeAll(async () => {
  backend = await startBackend("laba-backend.ts", { secret })
})

afterAll(() => backend[Symbol.asyncDispose]())

const config = (redis: RedisProcess): ConfigInput => {
  const url = backend.url()
  return {
    engine: redis.url,
    node: { lease: `${leaseMs / 1000}s` },
    hooks: [{ pattern: "/desk/*", register: url, transport: url, unregister: url, ...local }],
  }
}

interface Crowd {
  readonly node: ServerProcess
  readonly clients: readonly LabaListener[]
  readonly ids: readonly string[]
}

async function crowdAt(node: ServerProcess): Promise<Crowd> {
  const clients = await Promise.all(
    Array.from({ length: connections }, () => connectByLaba(`${node.base}/desk/quiet`)),
  )
  const ids: string[] = []
  while (ids.length < connections) ids.push((await backend.next("register")).connection as string)
  return { node, clients, ids }
}

/** The ids of connections whose end was told, as often as it was. */
const toldOf = (...crowds: readonly Crowd[]): string[] => {
  const ids = new Set(crowds.flatMap((crowd) => crowd.ids))
  return backend
    .all("unregister")
    .map(({ connection }) => connection as string)
    .filter((id) => ids.has(id))
    .sort()
}

const idsOf = (...crowds: readonly Crowd[]): string[] => crowds.flatMap(({ ids }) => ids).sort()

/** Sockets that were closed. That something was lost is told in band. */
const endsOf = ({ clients }: Crowd): unknown[] =>
  clients.flatMap(({ inbox }) => inbox.seen.filter((one) => one.kind === "end" && one.number !== null))

/** How many ends Redis remembers of the connections of a crowd. */
async function remembered(redis: RedisProcess, { node, ids }: Crowd): Promise<number> {
  const run = (ids[0] as string).split("-")[0]
  const count = await redis.command("HLEN", `laba:{hooks}:tells-${run}`).catch(() => -1)
  return node && Number(count)
}

async function isReady({ node }: Crowd): Promise<boolean> {
  return (await fetch(`${node.base}/_/ready`)).ok
}

/** One client goes, one node is killed, the other is shut down: each end is told once. */
async function endsOnce(redis: RedisProcess, one: Crowd, other: Crowd): Promise<void> {
  const told = toldOf(one).length
  one.clients[0]?.socket.close()
  await until(() => toldOf(one).length > told)
  // A node that is killed before it knows that it was heard leaves it to be told once more.
  await until(async () => (await remembered(redis, one)) === connections - toldOf(one).length)
  await one.node.killHard()
  await until(() => toldOf(one).length >= connections)
  other.node.signal("SIGTERM")
  await other.node.exited
  expect(toldOf(one, other)).toEqual(idsOf(one, other))
  expect(backend.problems).toEqual([])
}

test("[H17] a Redis that forgets everything costs no connection, and the end of each is told once", async () => {
  await using redis = await RedisProcess.start()
  await using a = await startProcess({ config: config(redis) })
  await using b = await startProcess({ config: config(redis) })
  const crowds = [await crowdAt(a), await crowdAt(b)] as const
  await redis.flush()
  await until(async () => (await remembered(redis, crowds[0])) === connections)
  await until(async () => (await remembered(redis, crowds[1])) === connections)
  expect([...endsOf(crowds[0]), ...endsOf(crowds[1]), ...toldOf(...crowds)]).toEqual([])
  await endsOnce(redis, ...crowds)
})

test("[H17] what a Redis lost while it was away is remembered again, and what was told meanwhile is not told again", async () => {
  await using redis = await RedisProcess.start()
  await using a = await startProcess({ config: config(redis) })
  await using b = await startProcess({ config: config(redis) })
  const crowds = [await crowdAt(a), await crowdAt(b)] as const
  // What Redis begins its next life with: all of them are open.
  await redis.command("SAVE")
  await redis.kill()
  await until(async () => !(await isReady(crowds[0])) && !(await isReady(crowds[1])))
  crowds[0].clients[1]?.socket.close()
  await until(() => toldOf(crowds[0]).length === 1)
  await redis.restart()
  await until(async () => (await remembered(redis, crowds[0])) === connections - 1)
  await endsOnce(redis, ...crowds)
})

test("[H18] a Redis that was away for longer than a lease, and remembers, makes no node take another for dead", async () => {
  await using redis = await RedisProcess.start({ config: { appendonly: "yes", appendfsync: "always" } })
  await using a = await startProcess({ config: config(redis) })
  await using b = await startProcess({ config: config(redis) })
  const crowds = [await crowdAt(a), await crowdAt(b)] as const
  const held = async (): Promise<unknown> =>
    redis.command("ZCOUNT", "laba:{hooks}:leases", Date.now(), "+inf").catch(() => -1)
  // The first that is back must not be the only one: one stands still while the other looks around.
  process.kill(b.serverPid, "SIGSTOP")
  await redis.kill()
  await Bun.sleep(leaseMs * 1.25)
  await redis.restart()
  await until(async () => (await held()) === 1)
  process.kill(b.serverPid, "SIGCONT")
  await until(async () => (await held()) === 2)
  await until(async () => (await isReady(crowds[0])) && (await isReady(crowds[1])))
  expect([...endsOf(crowds[0]), ...endsOf(crowds[1]), ...toldOf(...crowds)]).toEqual([])
  await endsOnce(redis, ...crowds)
})
