// One TCP connection to one Redis, from its handshake to its end. It never comes back: whoever wants another opens one. So
// whatever is asked here is asked of one process, once, and nothing is sent again behind our back.
import { Command, Redis, type RedisOptions } from "ioredis"
import { within } from "../bounds/within.ts"
import { RedisTrouble, redisErrorOf } from "./redis-errors.ts"

/** What a command is made of. */
export type Argument = string | number | Uint8Array

/** What Redis answers: text as bytes. */
export type Reply = Buffer | number | null | readonly Reply[]

/** How long a connection may take until it can be used. A server on the same continent needs 5 ms. */
const openTimeoutMs = 5000

/** Commands that wait for their answer on one connection; more are refused at once. About a second's worth. */
const waitingMax = 50_000

/** Their bytes. A thousand messages of 64 KiB. */
const waitingBytesMax = 64 * 1024 * 1024

/** The oldest Redis with what we need: sharded channels, flags of scripts. */
const oldestMajor = 7

export interface ConnectionOptions {
  /** Where to, and as whom. */
  readonly redis: RedisOptions
  /** For error texts, such as `Redis at redis://127.0.0.1:6379`. */
  readonly where: string
  readonly inCluster: boolean
  /** It may drop any key when it is full, and whoever uses it can bear that. Default false: such a server is refused. */
  readonly mayEvict?: boolean | undefined
}

export class Connection {
  private readonly redis: Redis
  private readonly options: ConnectionOptions
  private waiting = 0
  private waitingBytes = 0
  private error: unknown = null
  private ending = false
  private ended = false
  private endListener: ((error: unknown) => void) | null = null

  private constructor(options: ConnectionOptions) {
    this.options = options
    const how = {
      ...options.redis,
      replyMapping: "legacy" as const,
      lazyConnect: true,
      // A lost connection is told, never mended in silence: what was received and answered depends on it.
      retryStrategy: () => null,
      sentinelRetryStrategy: () => null,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: openTimeoutMs,
      connectionName: "laba",
    }
    this.redis = new Redis(how)
    this.redis.on("error", (error: unknown) => {
      this.error ??= error
    })
    // A node of a Cluster that loses slots drops what is listened to there, and says so only here. Begin anew, wherever it is.
    this.redis.on("moved", () => this.end(new Error("the slots moved")))
    this.redis.once("end", () => this.finish())
  }

  /** Opens a connection and looks whether the server can be used. Throws `RedisTrouble`. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options)
    const opening = connection.redis.connect().then(() => connection.inspect())
    try {
      if (!(await within(openTimeoutMs, opening))) throw new Error("no answer")
      return connection
    } catch (error) {
      // What the client met first says more than "the connection is closed"; what we found out says most.
      const cause = error instanceof RedisTrouble ? error : (connection.error ?? error)
      forgetCommand(cause)
      connection.end(cause)
      throw redisErrorOf(cause, options.where)
    }
  }

  /** Sends a command. Throws what Redis says, and when too many wait for their answer already. */
  async command(name: string, args: readonly Argument[]): Promise<Reply> {
    const bytes = sizeOf(args)
    if (this.waiting >= waitingMax || this.waitingBytes + bytes > waitingBytesMax)
      throw new RedisTrouble(`${this.options.where} is behind: too many commands wait for its answer`, {
        passing: true,
      })
    this.waiting++
    this.waitingBytes += bytes
    try {
      const command = new Command(name, args.map(asSent), { replyEncoding: null })
      return (await this.redis.sendCommand(command)) as Reply
    } catch (error) {
      forgetCommand(error)
      // A master that became a replica keeps its connections: they lead nowhere now.
      if (error instanceof Error && error.message.startsWith("READONLY")) this.end(error)
      throw error
    } finally {
      this.waiting--
      this.waitingBytes -= bytes
    }
  }

  /** Calls `received` with what is published to the Redis channels that this connection has subscribed to. */
  onPublished(received: (name: string, payload: Buffer) => void): void {
    const listener = (name: Buffer, payload: Buffer) => received(name.toString("latin1"), payload)
    this.redis.on("messageBuffer", listener)
    this.redis.on("smessageBuffer", listener)
  }

  /** Calls once when it has ended, by itself or by `end`, and everything that waited was refused; at once if that is past. */
  whenEnded(listener: (error: unknown) => void): void {
    if (this.ended) listener(this.reason)
    else this.endListener = listener
  }

  private get reason(): unknown {
    return this.error ?? new Error("the connection was cut")
  }

  /** Ends it. Everything that waits for an answer is refused. */
  end(error: unknown): void {
    // Each of a thousand answers may say that it is a replica now.
    if (this.ending) return
    this.ending = true
    this.error = error
    this.redis.disconnect()
    // A peer that is gone confirms no end; nobody may wait for it.
    this.redis.stream?.destroy()
  }

  private finish(): void {
    if (this.ended) return
    this.ended = true
    this.endListener?.(this.reason)
  }

  /** Whether this server is one that can be used at all. */
  private async inspect(): Promise<void> {
    const { where, inCluster } = this.options
    const facts = factsIn(String(await this.command("INFO", [])))
    const version = facts.get("redis_version") ?? "0"
    if (Number.parseInt(version, 10) < oldestMajor)
      throw new RedisTrouble(`${where} has version ${version}; Laba needs ${oldestMajor} or newer`, {
        passing: false,
      })
    const isCluster = facts.get("cluster_enabled") === "1"
    if (isCluster !== inCluster)
      throw new RedisTrouble(
        isCluster
          ? `${where} is a node of a Cluster; write redis-cluster:// in its address`
          : `${where} is no node of a Cluster; write redis:// in its address`,
        { passing: false },
      )
    await this.choose(this.options.redis.db ?? 0)
    if (facts.get("role") === "slave")
      throw new RedisTrouble(`${where} is a replica and takes no writes; name its master, or its Sentinels`, {
        passing: true,
      })
    const policy = facts.get("maxmemory_policy") ?? "noeviction"
    if (!this.options.mayEvict && facts.get("maxmemory") !== "0" && policy.startsWith("allkeys"))
      throw new RedisTrouble(
        `${where} may drop any key when it is full (maxmemory-policy ${policy}), and history with it in silence; set noeviction`,
        { passing: false },
      )
  }

  /** The client asks for the database too, and is silent when it is refused: then everything would lie in another one. */
  private async choose(database: number): Promise<void> {
    if (database === 0) return
    try {
      await this.command("SELECT", [database])
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("out of range"))) throw error
      throw new RedisTrouble(`${this.options.where} has no database ${database}`, { passing: false })
    }
  }
}

/** The fields of an answer to INFO. */
function factsIn(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split("\r\n").flatMap((line) => {
      const colon = line.indexOf(":")
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    }),
  )
}

/** The client takes only its own kind of bytes for bytes, and prints every other. */
const asSent = (arg: Argument): string | number | Buffer =>
  arg instanceof Uint8Array && !Buffer.isBuffer(arg)
    ? Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength)
    : (arg as string | number | Buffer)

/** The client hangs what was asked on each error, passwords and payloads too; errors end up in logs. */
function forgetCommand(error: unknown): void {
  if (typeof error === "object" && error !== null && "command" in error) delete error.command
}

function sizeOf(args: readonly Argument[]): number {
  let bytes = 0
  for (const arg of args) bytes += typeof arg === "number" ? 8 : arg.length
  return bytes
}
