// Channels that are listened to on several nodes: a backend is told when the first node has a listener, and when the last has lost
// its last, whoever dies or forgets in between.
import { expect, test } from "bun:test"
import type { ConfigInput } from "../../src/server/index.ts"
import { until } from "../cluster/stage.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { type ServerProcess, startProcess } from "../support/process.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { type BackendProcess, local, secret, startBackend } from "./backend-process.ts"

const config = (redis: RedisProcess, backend: BackendProcess): ConfigInput => ({
  engine: redis.url,
  node: { lease: "2s" },
  hooks: [{ pattern: "/board/**", occupied: backend.url(), vacated: backend.url(), ...local }],
})

/** What was told of a channel, in the order of `ce-time`. */
const toldOf = (backend: BackendProcess, channel: string): string[] =>
  backend.seen.seen.filter((one) => one.channel === channel).map(({ kind }) => kind)

const open = async ({ base }: ServerProcess, channel: string) => (await connectByLaba(base + channel)).socket

test("[H10] of several nodes the first listener and the last are told, once, though Redis forgets and a node dies with listeners", async () => {
  await using redis = await RedisProcess.start()
  await using backend = await startBackend("laba-backend.ts", { secret })
  const start = () => startProcess({ config: config(redis, backend) })
  await using a = await start()
  await using b = await start()
  const told = (channel: string) => toldOf(backend, channel)
  const occupied = async (channel: string): Promise<void> => until(() => told(channel).length === 1)

  const both = "/board/both"
  const [onA, onB] = [await open(a, both), await open(b, both)]
  const orphaned = "/board/orphaned"
  await open(b, orphaned)
  const inherited = "/board/inherited"
  await open(b, inherited)
  const stays = await open(a, inherited)
  for (const channel of [both, orphaned, inherited]) await occupied(channel)
  // Redis forgets who listens, and is told again.
  const listened = async (channel: string, nodes: number): Promise<void> =>
    until(async () => (await redis.command("SCARD", `laba:{hooks}:listened:${channel}`)) === nodes)
  const known = () => Promise.all([listened(both, 2), listened(inherited, 2), listened(orphaned, 1)])
  await known()
  await redis.flush()
  await known()
  // One of two leaves: when another channel that was left at the same time is told, so would this be.
  const alone = "/board/alone"
  const lone = await open(a, alone)
  await occupied(alone)
  for (const socket of [onA, lone]) socket.close()
  await until(() => told(alone).length === 2)
  expect(told(both)).toEqual(["occupied"])
  await b.killHard()
  // The dead node was the last of two of these.
  await until(() => told(both).length === 2 && told(orphaned).length === 2)
  expect(told(inherited)).toEqual(["occupied"])
  stays.close()
  await until(() => told(inherited).length === 2)
  // It comes back on another node, as something new.
  await using c = await start()
  const again = await open(c, both)
  await until(() => told(both).length === 3)
  again.close()
  c.signal("SIGTERM")
  await c.exited
  a.signal("SIGTERM")
  await a.exited
  for (const channel of [alone, orphaned, inherited]) expect(told(channel)).toEqual(["occupied", "vacated"])
  expect(told(both)).toEqual(["occupied", "vacated", "occupied", "vacated"])
  expect(onB.readyState).toBe(WebSocket.CLOSED)
  expect(backend.problems).toEqual([])
}, 120_000)
