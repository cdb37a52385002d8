// Real Redis servers for tests, each in a folder of its own on a free port: one, a master with a replica and three
// Sentinels, a Cluster. They can be killed, started again, paused and flushed, and are gone when the test's block ends.
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { PeerError } from "./peer-error.ts"

const redisServer = process.env["LABA_REDIS_SERVER"] ?? "redis-server"

/** How long a server may take to start, or a Sentinel to decide, on a slow and busy machine. */
const patienceMs = 60_000

/** What runs now. A test that is broken off leaves nothing behind: a server would hold the pipe that the run is read from. */
const running = new Set<Bun.Subprocess>()
process.on("exit", () => {
  for (const server of running) server.kill("SIGKILL")
})

interface RedisProcessOptions {
  /** More of its configuration, as `name: value`. */
  readonly config?: Readonly<Record<string, string>>
  /** Starts it as a Sentinel. */
  readonly sentinel?: boolean
}

export class RedisProcess implements AsyncDisposable {
  readonly port: number
  private readonly folder = mkdtempSync(join(tmpdir(), "laba-redis-"))
  private readonly options: RedisProcessOptions
  private process: Bun.Subprocess | null = null

  private constructor(port: number, options: RedisProcessOptions) {
    this.port = port
    this.options = options
  }

  static async start(options: RedisProcessOptions = {}): Promise<RedisProcess> {
    const server = new RedisProcess(await freePort(), options)
    await server.restart()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts it, with what its folder holds; kills it first when it runs. */
  async restart(): Promise<void> {
    await this.kill()
    const { config = {}, sentinel = false } = this.options
    const lines = Object.entries({ port: String(this.port), bind: "127.0.0.1", dir: this.folder, ...config })
    const file = join(this.folder, sentinel ? "sentinel.conf" : "redis.conf")
    // A Sentinel writes what it learned into its file; a restart goes on from there.
    if (!sentinel || !(await Bun.file(file).exists()))
      await Bun.write(file, lines.map(([name, value]) => `${name} ${value}\n`).join(""))
    this.process = Bun.spawn([redisServer, file, ...(sentinel ? ["--sentinel"] : [])], {
      stdout: Bun.file(join(this.folder, "log")),
      stderr: "inherit",
    })
    running.add(this.process)
    await untilPeer(
      async () => (await this.command("PING").catch(() => "")) === "PONG",
      `redis at ${this.port}`,
    )
  }

  /** Ends it at once, as a power cut does, but for what the kernel has taken already. */
  async kill(): Promise<void> {
    const { process } = this
    this.process = null
    if (!process) return
    process.kill("SIGKILL")
    await process.exited
    running.delete(process)
  }

  /** It stands still: connections stay, nothing is answered. */
  pause(): void {
    this.process?.kill("SIGSTOP")
  }

  resume(): void {
    this.process?.kill("SIGCONT")
  }

  /** Asks it something on a connection of its own. Throws what it says. */
  async command(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const { config = {} } = this.options
    const redis = new Redis({
      host: "127.0.0.1",
      port: this.port,
      ...(config["requirepass"] !== undefined && { password: config["requirepass"] }),
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2000,
      commandTimeout: 10_000,
    })
    // The promise tells it too.
    redis.on("error", () => {})
    try {
      await redis.connect()
      return await redis.call(name, ...args)
    } catch (error) {
      throw new PeerError(error instanceof Error ? error.message : String(error), { cause: error })
    } finally {
      redis.disconnect()
    }
  }

  /** Forgets everything it holds. */
  async flush(): Promise<void> {
    await this.command("FLUSHALL")
  }

  /** A line of `INFO`, by its name. */
  async info(field: string): Promise<string | undefined> {
    const text = String(await this.command("INFO"))
    return new RegExp(`^${field}:(.*?)\\r?$`, "m").exec(text)?.[1]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const masterName = "main"

/** A master, its replica, and three Sentinels that watch over them. */
export class SentinelTrio implements AsyncDisposable {
  readonly servers: readonly [RedisProcess, RedisProcess]
  readonly sentinels: readonly RedisProcess[]

  private constructor(servers: readonly [RedisProcess, RedisProcess], sentinels: readonly RedisProcess[]) {
    this.servers = servers
    this.sentinels = sentinels
  }

  static async start(config: Readonly<Record<string, string>> = {}): Promise<SentinelTrio> {
    const first = await RedisProcess.start({ config: { save: '""', ...config } })
    const second = await RedisProcess.start({
      config: { save: '""', ...config, replicaof: `127.0.0.1 ${first.port}` },
    })
    await untilPeer(async () => (await second.info("master_link_status")) === "up", "the replica")
    const sentinels: RedisProcess[] = []
    for (let i = 0; i < 3; i++)
      sentinels.push(
        await RedisProcess.start({
          sentinel: true,
          config: {
            [`sentinel monitor ${masterName} 127.0.0.1 ${first.port} 2`]: "",
            [`sentinel down-after-milliseconds ${masterName} 1000`]: "",
            [`sentinel failover-timeout ${masterName} 1000`]: "",
          },
        }),
      )
    const trio = new SentinelTrio([first, second], sentinels)
    await untilPeer(async () => (await trio.peers()).every((count) => count === 2), "the Sentinels")
    return trio
  }

  get url(): string {
    return `redis-sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}/${masterName}`
  }

  /** The server that most of the Sentinels call the master. */
  async master(): Promise<RedisProcess> {
    const said = await Promise.all(
      this.sentinels.map((sentinel) =>
        sentinel.command("SENTINEL", "get-master-addr-by-name", masterName).catch(() => null),
      ),
    )
    const ports = said.map((address) => Number((address as readonly string[] | null)?.[1]))
    const [first, second] = this.servers
    return ports.filter((port) => port === second.port).length >= 2 ? second : first
  }

  async replica(): Promise<RedisProcess> {
    const [first, second] = this.servers
    return (await this.master()) === first ? second : first
  }

  /** Asks the Sentinels to change the roles, and waits until they have. */
  async failOver(): Promise<RedisProcess> {
    const master = await this.master()
    const ask = () => this.sentinels[0]?.command("SENTINEL", "FAILOVER", masterName)
    // They refuse while another change is on its way.
    await untilPeer(async () => (await ask()?.catch(() => "")) === "OK", "a Sentinel that fails over")
    return this.failedOver(master)
  }

  /** Resolves when the replica follows its master. */
  async isWell(): Promise<void> {
    await untilPeer(async () => {
      const master = await this.master()
      const replica = this.servers.find((server) => server !== master) as RedisProcess
      if ((await master.info("role").catch(() => "")) !== "master") return false
      if ((await replica.info("master_port").catch(() => "")) !== String(master.port)) return false
      return (await replica.info("master_link_status").catch(() => "")) === "up"
    }, "the replica to follow")
  }

  /** Resolves when another server than this one is the master, and takes writes. */
  async failedOver(from: RedisProcess): Promise<RedisProcess> {
    let master = from
    await untilPeer(async () => {
      master = await this.master()
      return master !== from && (await master.info("role").catch(() => "")) === "master"
    }, "a failover")
    return master
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [...this.sentinels, ...this.servers]) await server[Symbol.asyncDispose]()
  }

  /** How many others each Sentinel knows, once it has a replica to choose. */
  private async peers(): Promise<number[]> {
    return Promise.all(
      this.sentinels.map(async (sentinel) => {
        const flat = (await sentinel.command("SENTINEL", "master", masterName)) as readonly string[]
        const of = (name: string) => Number(flat[flat.indexOf(name) + 1])
        return of("num-slaves") === 1 ? of("num-other-sentinels") : -1
      }),
    )
  }
}

/** A Cluster of masters that share the slots, each with a replica if asked for. */
export class RedisCluster implements AsyncDisposable {
  readonly masters: readonly RedisProcess[]
  readonly replicas: readonly RedisProcess[]

  private constructor(masters: readonly RedisProcess[], replicas: readonly RedisProcess[]) {
    this.masters = masters
    this.replicas = replicas
  }

  static async start(options: { readonly replicas?: boolean } = {}): Promise<RedisCluster> {
    const make = async (): Promise<RedisProcess> =>
      RedisProcess.start({
        config: {
          save: '""',
          "cluster-enabled": "yes",
          "cluster-node-timeout": "1000",
          // By default 10,000 above the port, where no port may be.
          "cluster-port": String(await freePort()),
        },
      })
    const masters = [await make(), await make(), await make()]
    const replicas = options.replicas ? [await make(), await make(), await make()] : []
    const [first] = masters as [RedisProcess]
    const slots = 16_384
    for (const [index, master] of masters.entries()) {
      const from = Math.floor((index * slots) / masters.length)
      const to = Math.floor(((index + 1) * slots) / masters.length) - 1
      await master.command("CLUSTER", "ADDSLOTSRANGE", from, to)
    }
    for (const node of [...masters.slice(1), ...replicas])
      await node.command("CLUSTER", "MEET", "127.0.0.1", first.port, await busPortOf(first))
    const all = [...masters, ...replicas]
    const knows = async (node: RedisProcess) =>
      String(await node.command("CLUSTER", "INFO")).includes(`cluster_known_nodes:${all.length}`)
    await untilPeer(async () => (await Promise.all(all.map(knows))).every(Boolean), "the nodes to meet")
    for (const [index, replica] of replicas.entries()) {
      const id = String(await (masters[index] as RedisProcess).command("CLUSTER", "MYID"))
      await untilPeer(
        async () => (await replica.command("CLUSTER", "REPLICATE", id).catch(() => "")) === "OK",
        "a replica",
      )
    }
    const isWell = async (node: RedisProcess) =>
      String(await node.command("CLUSTER", "INFO")).includes("cluster_state:ok")
    await untilPeer(async () => (await Promise.all(all.map(isWell))).every(Boolean), "the Cluster")
    for (const replica of replicas)
      await untilPeer(async () => (await replica.info("master_link_status")) === "up", "a replica's link")
    return new RedisCluster(masters, replicas)
  }

  get url(): string {
    return `redis-cluster://${this.masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`
  }

  async flush(): Promise<void> {
    for (const master of this.masters) await master.flush()
  }

  /** One of those that are masters now. */
  aMaster(index: number): Promise<RedisProcess> {
    return this.oneWhere("master", index)
  }

  /** One of those that are replicas now. */
  aReplica(index: number): Promise<RedisProcess> {
    return this.oneWhere("slave", index)
  }

  /** Resolves when the Cluster is whole without this one. */
  async replaced(gone: RedisProcess): Promise<void> {
    const others = this.all.filter((server) => server !== gone)
    await untilPeer(
      async () => (await this.roles(others)).filter((role) => role === "master").length >= 3,
      "a failover",
    )
    await untilPeer(async () => (await this.areWell(others)).every(Boolean), "the Cluster")
  }

  /** Resolves when all nodes agree that the Cluster is well, and each replica could take its master's place. */
  async isWell(): Promise<void> {
    await untilPeer(async () => {
      if (!(await this.areWell(this.all)).every(Boolean)) return false
      const roles = await this.roles(this.all)
      if (roles.filter((role) => role === "master").length !== this.masters.length) return false
      const replicas = this.all.filter((_, index) => roles[index] === "slave")
      const links = await Promise.all(replicas.map((replica) => replica.info("master_link_status")))
      return links.every((link) => link === "up")
    }, "the Cluster")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.all) await server[Symbol.asyncDispose]()
  }

  private get all(): readonly RedisProcess[] {
    return [...this.masters, ...this.replicas]
  }

  private async oneWhere(role: string, index: number): Promise<RedisProcess> {
    const roles = await this.roles(this.all)
    const some = this.all.filter((_, at) => roles[at] === role)
    const one = some[index % some.length]
    if (!one) throw new Error(`no node is a ${role}`)
    return one
  }

  private roles(servers: readonly RedisProcess[]): Promise<string[]> {
    return Promise.all(servers.map(async (server) => (await server.info("role").catch(() => "")) ?? ""))
  }

  private areWell(servers: readonly RedisProcess[]): Promise<boolean[]> {
    return Promise.all(
      servers.map(async (server) =>
        String(await server.command("CLUSTER", "INFO").catch(() => "")).includes("cluster_state:ok"),
      ),
    )
  }
}

async function busPortOf(node: RedisProcess): Promise<string> {
  const [, port] = (await node.command("CONFIG", "GET", "cluster-port")) as readonly string[]
  return String(port)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Waits for a condition. Throws what was waited for when it takes too long. */
export async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  if (!(await comesTrue(holds))) throw new Error(`waited too long for ${what}`)
}

/** As `until`, where it is Redis that is waited for. */
export async function untilPeer(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  if (!(await comesTrue(holds))) throw new PeerError(`waited too long for ${what}`)
}

async function comesTrue(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) return false
    await Bun.sleep(20)
  }
  return true
}
