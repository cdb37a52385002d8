// Several nodes over one Redis, each a process of its own: Laba with either routing, and Socket.IO with its adapter.
// Redis keeps nothing on disk here, for all of them.
import { join } from "node:path"
import { connect } from "node:net"
import { cpuMicrosecondsOf } from "../measure/process-cost.ts"
import { freePort } from "./free-port.ts"
import { laba } from "./laba.ts"
import type { RunningPeer } from "./peer.ts"
import { portInAddress, startServer } from "./start.ts"

/** `memory` is one node of Laba without Redis, for the ratio. */
export const clusterKinds = ["memory", "targeted", "broadcast", "socket.io"] as const
export type ClusterKind = (typeof clusterKinds)[number]

export interface Cluster extends AsyncDisposable {
  readonly nodes: readonly RunningPeer[]
  cost(): Promise<ClusterCost>
}

/** Since its start. */
export interface ClusterCost {
  readonly nodesCpu: number
  readonly redisCpu: number
  /** Bytes that Redis has sent to nodes. */
  readonly redisBytesOut: number
  readonly redisCommands: number
}

/** `config` is for Laba's nodes. */
export async function startCluster(
  kind: ClusterKind,
  count: number,
  config: Record<string, unknown> = {},
): Promise<Cluster> {
  if (kind === "memory") return cluster([await laba.start({ config })], null)
  const redis = await startRedis()
  const address = `redis://127.0.0.1:${redis.port}`
  const nodes: RunningPeer[] = []
  for (let each = 0; each < count; each++) nodes.push(await startNode(kind, address, config))
  return cluster(nodes, redis)
}

function startNode(
  kind: ClusterKind,
  address: string,
  config: Record<string, unknown>,
): Promise<RunningPeer> {
  if (kind !== "socket.io")
    return laba.start({ config: { ...config, engine: address, redis: { routing: kind } } })
  return startServer({
    command: ["env", `BENCH_REDIS=${address}`, "node", join(import.meta.dir, "socket.io-node.mjs")],
    portIn: portInAddress,
    gauged: false,
  })
}

async function startRedis(): Promise<RunningPeer> {
  const port = freePort()
  const settings = ["--port", String(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
  return startServer({
    command: ["redis-server", ...settings],
    portIn: () => port,
    ready: async () => (await ask(port, "PING").catch(() => "")).includes("PONG"),
    gauged: false,
  })
}

function cluster(nodes: readonly RunningPeer[], redis: RunningPeer | null): Cluster {
  return {
    nodes,
    async cost() {
      const nodesCpu = nodes.reduce((sum, { pid }) => sum + cpuMicrosecondsOf(pid), 0)
      if (!redis) return { nodesCpu, redisCpu: 0, redisBytesOut: 0, redisCommands: 0 }
      const stats = await ask(redis.port, "INFO stats")
      const figure = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(stats)?.[1])
      return {
        nodesCpu,
        redisCpu: cpuMicrosecondsOf(redis.pid),
        redisBytesOut: figure("total_net_output_bytes"),
        redisCommands: figure("total_commands_processed"),
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
      await redis?.[Symbol.asyncDispose]()
    },
  }
}

/** One command and all that comes for it, on a connection of its own. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(`${command}\r\nQUIT\r\n`))
    socket.setEncoding("utf8")
    socket.on("data", (text) => (answer += text))
    socket.on("end", () => resolve(answer))
    socket.on("error", reject)
  })
}
