// What may happen to nodes, links and Redis in a chaos run. Each fault heals itself before it resolves.
import type { Channel } from "../../src/channels/channel.ts"
import { RedisCluster, RedisProcess, SentinelTrio, untilPeer } from "../support/redis-servers.ts"
import { type Cut, TcpProxy } from "../support/tcp-proxy.ts"
import type { Random } from "../fuzz/random.ts"

export type Kind = "single" | "sentinel" | "cluster"

export interface Fault {
  readonly name: string
  /** Whether it may lose what was answered. */
  readonly loses: boolean
  happen(): Promise<void>
}

/** Where a run takes place: the address for each node, and what may happen there. */
interface Stage extends AsyncDisposable {
  readonly kind: Kind
  /** Where the node with this number finds Redis. */
  urlFor(node: number): string
  faults(): readonly Fault[]
  /** Everything runs and is connected again. */
  heal(): Promise<void>
}

/** How long a pause or a cut lasts at most, in milliseconds. */
interface FaultOptions {
  readonly random: Random
  readonly longestMs: number
}

const nodes = 3

export function startStage(kind: Kind, options: FaultOptions): Promise<Stage> {
  if (kind === "sentinel") return startSentinelStage(options)
  return kind === "cluster" ? startClusterStage(options) : startSingleStage(options)
}

/** One server, each node behind a wire of its own. */
async function startSingleStage({ random, longestMs }: FaultOptions): Promise<Stage> {
  const keeps = random.pick(["nothing", "log", "snapshot"] as const)
  const server = await RedisProcess.start({
    config: { save: '""', ...(keeps === "log" && { appendonly: "yes", appendfsync: "everysec" }) },
  })
  const wires: TcpProxy[] = []
  for (let i = 0; i < nodes; i++) wires.push(await TcpProxy.start(server.port))
  const wire = () => random.pick(wires)
  const aWhile = () => Bun.sleep(50 + random.below(longestMs))
  const cut = (way: Cut): Fault => ({
    name: `a link is cut: ${way}`,
    loses: false,
    async happen() {
      const one = wire()
      one.set(way)
      await aWhile()
      one.set("nothing")
    },
  })
  return {
    kind: "single",
    urlFor: (node) => `redis://127.0.0.1:${wires[node % nodes]?.port}`,
    faults: () => [
      {
        name: `Redis is killed; it keeps ${keeps}`,
        loses: true,
        async happen() {
          // What is published from here on is not in the snapshot that the next life begins with.
          if (keeps === "snapshot") await server.command("SAVE")
          await Bun.sleep(random.below(200))
          await server.kill()
          await Bun.sleep(random.below(300))
          await server.restart()
        },
      },
      {
        name: "Redis is restarted as planned",
        // A node that was killed a moment ago cannot say what it saw, so it may reset.
        loses: true,
        async happen() {
          await server.command("SHUTDOWN", "SAVE").catch(() => {})
          await Bun.sleep(random.below(300))
          await server.restart()
        },
      },
      { name: "Redis is flushed", loses: true, happen: () => server.flush() },
      pausing(server, aWhile, false),
      cut("both"),
      cut("to server"),
      cut("to client"),
      { name: "a link breaks", loses: false, happen: async () => wire().drop() },
      {
        name: "Redis cuts its listeners off",
        loses: false,
        happen: async () => void (await server.command("CLIENT", "KILL", "TYPE", "pubsub")),
      },
    ],
    async heal() {
      for (const one of wires) one.set("nothing")
      server.resume()
    },
    async [Symbol.asyncDispose]() {
      for (const one of wires) await one[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function startSentinelStage({ random, longestMs }: FaultOptions): Promise<Stage> {
  const trio = await SentinelTrio.start()
  return {
    kind: "sentinel",
    urlFor: () => trio.url,
    faults: () => [
      {
        name: "the master fails with writes that no replica has",
        loses: true,
        happen: () => failOver(trio, random),
      },
      {
        name: "an operator fails over",
        loses: true,
        async happen() {
          await trio.isWell()
          await trio.failOver()
        },
      },
      {
        name: "the master stands still",
        // The Sentinels may take it for dead.
        loses: true,
        async happen() {
          await pausing(await trio.master(), () => Bun.sleep(random.below(longestMs)), true).happen()
        },
      },
    ],
    // Whoever is the master takes writes; the other one follows later.
    heal: async () => {},
    [Symbol.asyncDispose]: () => trio[Symbol.asyncDispose](),
  }
}

/** The replica hears nothing of the last writes, then the master dies, and the replica takes its place. */
async function failOver(trio: SentinelTrio, random: Random): Promise<void> {
  await trio.isWell()
  const master = await trio.master()
  const replica = await trio.replica()
  replica.pause()
  await master.command("CLIENT", "KILL", "TYPE", "replica").catch(() => {})
  await Bun.sleep(100 + random.below(300))
  await master.kill()
  replica.resume()
  await trio.failedOver(master)
  await master.restart()
}

async function startClusterStage({ random, longestMs }: FaultOptions): Promise<Stage> {
  const cluster = await RedisCluster.start({ replicas: true })
  return {
    kind: "cluster",
    urlFor: () => cluster.url,
    faults: () => [
      {
        name: "a master is killed, and its replica takes over",
        loses: true,
        async happen() {
          const master = await cluster.aMaster(random.below(3))
          await master.kill()
          await cluster.replaced(master)
          await master.restart()
          await cluster.isWell()
        },
      },
      {
        name: "an operator fails over",
        loses: true,
        async happen() {
          const replica = await cluster.aReplica(random.below(3))
          await replica.command("CLUSTER", "FAILOVER")
          await untilPeer(async () => (await replica.info("role")) === "master", "a failover")
          await cluster.isWell()
        },
      },
      {
        name: "a master stands still",
        loses: true,
        async happen() {
          const master = await cluster.aMaster(random.below(3))
          await pausing(master, () => Bun.sleep(random.below(longestMs)), true).happen()
          await cluster.isWell()
        },
      },
    ],
    heal: () => cluster.isWell(),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
}

const pausing = (server: RedisProcess, aWhile: () => Promise<void>, loses: boolean): Fault => ({
  name: "Redis stands still",
  loses,
  async happen() {
    server.pause()
    await aWhile()
    server.resume()
  },
})

/** The channels of a run. */
export const channels = ["/chaos/a", "/chaos/b"] as unknown as readonly Channel[]
