// The nodes of a run, each as its users start it: `bin/laba.mjs serve`, in processes of its own, to be killed without a word.
import type { ConfigInput } from "../../../src/server/index.ts"
import type { Random } from "../../fuzz/random.ts"
import { type ServerProcess, startProcess } from "../../support/process.ts"
import type { RedisProcess } from "../../support/redis-servers.ts"
import { until } from "../../support/redis-servers.ts"
import { TcpProxy } from "../../support/tcp-proxy.ts"

const leaseSeconds = 2
export const room = "/rooms/1"
export const channels = ["/chaos/a", "/chaos/b"] as const

/** Which port of a node listeners come to. */
export type Port = "http" | "stomp"

type Wires = Readonly<Record<Port, TcpProxy>>

export class Nodes implements AsyncDisposable {
  readonly alive: ServerProcess[] = []
  /** When something died that may have known what nobody else knew, in milliseconds since 1970. */
  readonly deaths: number[] = []
  /** The runs of those that were killed. */
  private readonly dead: string[] = []
  /** What listeners reach each node by. */
  private readonly wires = new Map<ServerProcess, Wires>()
  private readonly redis: RedisProcess
  private readonly config: ConfigInput
  private readonly random: Random

  constructor(redis: RedisProcess, random: Random, hookUrl: string) {
    this.redis = redis
    this.random = random
    this.config = {
      engine: redis.url,
      stomp: { tcp: 0 },
      redis: { routing: random.oneIn(3) ? "broadcast" : "targeted" },
      node: { lease: `${leaseSeconds}s` },
      channels: {
        "/**": { history: { count: 100_000, bytes: "64MB", time: "1h" } },
        [room]: { presence: true },
      },
      hooks: [
        {
          pattern: "/desk/*",
          register: hookUrl,
          unregister: hookUrl,
          handshake: false,
          privateAddresses: ["127.0.0.1"],
        },
        {
          pattern: room,
          occupied: hookUrl,
          vacated: hookUrl,
          handshake: false,
          privateAddresses: ["127.0.0.1"],
        },
      ],
      limits: { drainSeconds: 0, drainGraceSeconds: 0 },
      log: { level: "error" },
    }
  }

  async start(): Promise<void> {
    const node = await startProcess({ config: this.config })
    this.wires.set(node, {
      http: await TcpProxy.start(node.port),
      stomp: await TcpProxy.start(node.stompPort),
    })
    this.alive.push(node)
  }

  /** One that is there; null when none is. */
  any(): ServerProcess | null {
    return this.alive.length === 0 ? null : this.random.pick(this.alive)
  }

  /** Where its listeners reach a node. */
  addressForListeners(node: ServerProcess, port: Port): string {
    return `${port === "stomp" ? "tcp" : "http"}://127.0.0.1:${this.wires.get(node)?.[port].port}`
  }

  /** Nothing passes between a node and its listeners for so long; then their connections end without a goodbye. */
  async cut(node: ServerProcess, ms: number): Promise<void> {
    const wires = Object.values(this.wires.get(node) ?? {})
    for (const wire of wires) wire.set("both")
    await Bun.sleep(ms)
    for (const wire of wires) {
      wire.drop()
      wire.set("nothing")
    }
  }

  /** `kill -9`, once Redis knows what the node would have had to tell: what neither remembers is told by nobody. */
  async kill(node: ServerProcess): Promise<void> {
    this.dead.push(await this.remembered(node))
    this.alive.splice(this.alive.indexOf(node), 1)
    this.deaths.push(Date.now())
    await node.killHard()
    await this.end(node)
  }

  /** Asks it to go. */
  async leave(node: ServerProcess): Promise<void> {
    this.alive.splice(this.alive.indexOf(node), 1)
    node.signal("SIGTERM")
    await node.exited
    await this.end(node)
  }

  /** All are ready, and know each other. */
  async isWell(): Promise<boolean> {
    const all = await Promise.all(
      this.alive.map(async ({ base }) => {
        if (!(await fetch(`${base}/_/ready`)).ok) return false
        const { nodes } = (await (await fetch(`${base}/_/api/nodes`)).json()) as { nodes: unknown[] }
        return nodes.length === this.alive.length
      }),
    ).catch(() => [false])
    return all.every(Boolean)
  }

  /** What dead nodes have left is with the living: before Redis loses it, since nobody else knows of it. */
  async inherited(): Promise<void> {
    const isLeft = async (run: string) => (await this.redis.command("EXISTS", tellsOf(run))) === 1
    await until(
      async () => !(await Promise.all(this.dead.map(isLeft))).some(Boolean),
      "the dead to be followed",
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.alive.splice(0).map((node) => this.end(node)))
  }

  private async end(node: ServerProcess): Promise<void> {
    await node[Symbol.asyncDispose]()
    for (const wire of Object.values(this.wires.get(node) ?? {})) await wire[Symbol.asyncDispose]()
    this.wires.delete(node)
  }

  /** Redis knows all connections whose end this node would have to tell. Answers the node's run. */
  private async remembered({ base }: ServerProcess): Promise<string> {
    let run = ""
    await until(async () => {
      const { nodes } = (await (await fetch(`${base}/_/api/nodes`)).json()) as {
        nodes: { run: string; self: boolean }[]
      }
      run = nodes.find(({ self }) => self)?.run ?? ""
      const { registered } = (await (await fetch(`${base}/_/api/hooks`)).json()) as { registered: number }
      const kept = await this.redis.command("HLEN", tellsOf(run)).catch(() => -1)
      return Number(kept) >= registered
    }, "what a node would have to tell")
    return run
  }
}

const tellsOf = (run: string): string => `laba:{hooks}:tells-${run}`
