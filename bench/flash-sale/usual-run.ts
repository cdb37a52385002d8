// The usual design under the same clicks: Redis, a desk and a worker, each a process.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { Database } from "bun:sqlite"
import { rounded } from "../measure/spread.ts"
import { type Child, endChild, startChild } from "./children.ts"
import { Crowd } from "./crowd.ts"
import { type Measured, measured } from "./measured.ts"

interface UsualOptions {
  readonly perSecond: number
  readonly seconds: number
  readonly connections: number
  /** `everysec` is the usual one, and may lose a second of tickets; `always` keeps what was answered. */
  readonly appendfsync: "everysec" | "always"
}

interface UsualRun extends Measured {
  readonly orders: number
  /** From the last answer until every ticket had its order. */
  readonly decisionsCaughtUpSeconds: number | null
}

const catchUpMsMax = 120_000
const secret = "a secret of the bench, of more than thirty-two bytes"

export class UsualStage implements AsyncDisposable {
  private readonly options: UsualOptions
  private readonly directory = mkdtempSync(join(tmpdir(), "usual-sale-"))
  private readonly children: Child[] = []
  private port = 0

  private constructor(options: UsualOptions) {
    this.options = options
  }

  static async open(options: UsualOptions): Promise<UsualStage> {
    const stage = new UsualStage(options)
    try {
      await stage.start()
    } catch (error) {
      await stage[Symbol.asyncDispose]()
      throw error
    }
    return stage
  }

  /** As many units as clicks, so that each of them is a ticket and an order. */
  async sell(): Promise<UsualRun> {
    const { perSecond, seconds, connections } = this.options
    const { port } = this
    const requests = Crowd.withSecret(secret).entering({
      sale: "bench",
      port,
      count: perSecond * seconds,
    })
    const pids = this.children.map(({ pid }) => pid)
    const taken = await measured({ pids, port, connections, requests, perSecond, seconds })
    const answered = performance.now()
    const tickets = taken.statuses["201"] ?? 0
    const database = new Database(join(this.directory, "orders.sqlite"), { readonly: true })
    const count = () => database.query<{ n: number }, []>("SELECT count(*) AS n FROM orders").get()?.n ?? 0
    while (count() < tickets && performance.now() - answered < catchUpMsMax) await Bun.sleep(50)
    const orders = count()
    database.close()
    return { ...taken, orders, decisionsCaughtUpSeconds: rounded((performance.now() - answered) / 1000) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.children.map(endChild))
    rmSync(this.directory, { recursive: true, force: true })
  }

  private async start(): Promise<void> {
    const { directory, options } = this
    writeFileSync(join(directory, "secret"), secret)
    const socket = join(directory, "redis.sock")
    const server = ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", directory, "--save", ""]
    const log = ["--appendonly", "yes", "--appendfsync", options.appendfsync]
    await this.spawn([...server, ...log], "eady to accept connections")
    const redis = new Redis({ path: socket })
    await redis.set("stock", options.perSecond * options.seconds)
    redis.disconnect()
    const peer = join(import.meta.dir, "../peers/usual-sale.ts")
    await this.spawn([process.execPath, peer, "worker", directory], "ready")
    this.port = Number(await this.spawn([process.execPath, peer, "desk", directory], "\n"))
    // The desk is the one whose loop is looked at.
    this.children.reverse()
  }

  private async spawn(command: string[], ready: string): Promise<string> {
    const { child, said } = await startChild(command, ready)
    this.children.push(child)
    return said
  }
}
