// One Redis as a node uses it: commands, scripts and Redis channels, over one server, a master that Sentinels know, or
// a Cluster. Whoever uses it names a tag, and all that is under one tag lies on one server: a script may touch all of it.
// Knows keys and connections; refuses to know what they are for.
import type { ConnectionOptions as TlsOptions } from "node:tls"
import type { RedisOptions } from "ioredis"
import { printAddress, type RedisAddress, type RedisHost } from "../config/redis-address.ts"
import type { Argument, Reply } from "./connection.ts"
import type { RedisSubscriber } from "./redis-subscriptions.ts"
import type { Script } from "./script.ts"
import { RedisServer } from "./redis-server.ts"
import { isWhole, readSlots, type SlotMap, slotOf } from "./cluster-slots.ts"
import { RedisTrouble, replyCodeOf, unavailable } from "./redis-errors.ts"

interface RedisClientOptions {
  readonly address: RedisAddress
  /** Begins every key and Redis channel, so that several Labas share a Redis. */
  readonly prefix: string
  /** What is checked of an encrypted connection. Default: the authorities this machine trusts. */
  readonly tls?: TlsOptions
  /** Uses a Redis, too, that may drop any key when it is full. Default false: it would lose history in silence. */
  readonly mayEvict?: boolean
  /** How often each connection is tried, in milliseconds; one that is silent three times is cut. Default 1000. */
  readonly pulseMs?: number | undefined
}

/** How often the map of a Cluster is fetched again. A failover takes longer than that. */
const mapIntervalMs = 1000

/** How often a command follows its keys to another node: a slot moves once, and its map may be one step old. */
const movesMax = 3

export class RedisClient {
  readonly prefix: string
  /** Redis at its address, without secrets: for error texts. */
  readonly where: string
  readonly isCluster: boolean
  private readonly options: RedisClientOptions
  private readonly servers = new Map<string, RedisServer>()
  /** Empty without a Cluster. */
  private map: SlotMap = []
  private mapping: Promise<void> | null = null
  private readonly mapTimer: ReturnType<typeof setInterval> | null
  private readonly subscribed = new Map<
    string,
    { readonly tag: string; readonly subscriber: RedisSubscriber; server: RedisServer | null }
  >()
  private readonly changeCallbacks = new Set<() => void>()
  private closed = false
  private up = false

  constructor(options: RedisClientOptions) {
    const { address, prefix } = options
    this.options = options
    this.prefix = prefix
    this.where = `Redis at ${printAddress(address)}`
    this.isCluster = address.kind === "cluster"
    if (this.isCluster) {
      for (const host of address.hosts) this.serverAt(host)
      this.mapTimer = setInterval(() => void this.fetchMap(), mapIntervalMs)
    } else {
      this.servers.set("", this.makeServer(routeOf(address), this.where))
      this.mapTimer = null
    }
  }

  /** The key of a name under a tag. */
  key(tag: string, name: string): string {
    return `${this.prefix}:{${tag}}:${name}`
  }

  /** Why it cannot be used, wholly; null when it can: commands are taken, and what is published arrives. */
  get trouble(): RedisTrouble | null {
    if (this.closed) return new RedisTrouble(`${this.where} was closed`, { passing: true })
    if (!this.isCluster) return this.servers.get("")?.trouble ?? null
    const troubles = [...this.servers.values()].map((server) => server.trouble)
    if (isWhole(this.map)) return troubles.find((trouble) => trouble !== null) ?? null
    const lasting = troubles.find((trouble) => trouble?.passing === false)
    return lasting ?? new RedisTrouble(`${this.where} is not a whole Cluster`, { passing: true })
  }

  /** The same for what is under one tag: in a Cluster, of the node that holds it. */
  troubleAt(tag: string): RedisTrouble | null {
    const server = this.serverOf(tag)
    return server && !this.closed ? server.trouble : this.trouble
  }

  /** Calls when `trouble` may have changed. Returns how to stop that. */
  onChange(watcher: () => void): () => void {
    this.changeCallbacks.add(watcher)
    return () => void this.changeCallbacks.delete(watcher)
  }

  /** Sends a command about keys under a tag. Throws `engine_unavailable`, at once while there is no connection. */
  async command(tag: string, name: string, ...args: readonly Argument[]): Promise<Reply> {
    return this.send(tag, (server) => server.command(name, args))
  }

  /**
   * Runs a script whose keys are all under one tag. Throws `engine_unavailable`; when the connection broke meanwhile, the
   * script may have run or not.
   */
  async run(script: Script, tag: string, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.send(tag, (server) => server.run(script, keys, args))
  }

  /** Publishes to a Redis channel, named as a key is; whoever listens to it under the same tag receives it. */
  async announce(tag: string, name: string, payload: Argument): Promise<void> {
    await this.command(tag, this.isCluster ? "SPUBLISH" : "PUBLISH", this.key(tag, name), payload)
  }

  /** Subscribes to a Redis channel, named as a key is: one subscriber a name, until `unsubscribe`, over all interruptions. */
  subscribe(tag: string, name: string, subscriber: RedisSubscriber): void {
    const key = this.key(tag, name)
    const server = this.serverOf(tag)
    this.subscribed.set(key, { tag, subscriber, server })
    server?.subscriptions.add(key, subscriber)
  }

  unsubscribe(tag: string, name: string): void {
    const key = this.key(tag, name)
    this.subscribed.get(key)?.server?.subscriptions.remove(key)
    this.subscribed.delete(key)
  }

  /** Whether it could ever be used since it was made. */
  get wasUp(): boolean {
    return this.up
  }

  /** Resolves when it can be used, or cannot for a reason that does not pass by itself, or after `patienceMs`. */
  opened(patienceMs: number): Promise<void> {
    const decided = () => this.trouble === null || !this.trouble.passing
    if (decided()) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        stop()
        resolve()
      }
      const timer = setTimeout(finish, patienceMs)
      const stop = this.onChange(() => {
        if (decided()) finish()
      })
    })
  }

  close(): void {
    this.closed = true
    if (this.mapTimer) clearInterval(this.mapTimer)
    for (const server of this.servers.values()) server.close()
  }

  private async send(tag: string, send: (server: RedisServer) => Promise<Reply>): Promise<Reply> {
    for (let moves = 0; ; moves++) {
      const server = this.serverOf(tag)
      if (!server) throw unavailable(this.trouble ?? new Error("nobody holds these keys"), this.where)
      try {
        return await send(server)
      } catch (error) {
        // It was refused and not done: the keys have moved to another node.
        if (this.isCluster && replyCodeOf(error) === "MOVED" && moves < movesMax) await this.fetchMap()
        else throw unavailable(error, this.where)
      }
    }
  }

  private serverOf(tag: string): RedisServer | null {
    if (!this.isCluster) return this.servers.get("") ?? null
    const address = this.map[slotOf(tag)]
    return address ? (this.servers.get(address) ?? null) : null
  }

  private fetchMap(): Promise<void> {
    this.mapping ??= this.readMap().finally(() => {
      this.mapping = null
    })
    return this.mapping
  }

  /** Asks the nodes until one knows. Those that hold nothing any more are left, those that hold something are met. */
  private async readMap(): Promise<void> {
    for (const [address, server] of this.servers) {
      if (!server.takesCommands) continue
      try {
        const map = readSlots(await server.command("CLUSTER", ["SLOTS"]), hostIn(address))
        if (!isWhole(map) || this.closed) continue
        this.use(map)
        return
      } catch {
        // The next one may know.
      }
    }
  }

  private use(map: SlotMap): void {
    this.map = map
    const holders = new Set(map)
    for (const address of holders) {
      if (address === null) continue
      const colon = address.lastIndexOf(":")
      this.serverAt({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
    }
    for (const [key, known] of this.subscribed) {
      const server = this.serverOf(known.tag)
      if (server === known.server) continue
      known.server?.subscriptions.remove(key)
      known.server = server
      server?.subscriptions.add(key, known.subscriber)
    }
    for (const [address, server] of this.servers) {
      if (holders.has(address)) continue
      server.close()
      this.servers.delete(address)
    }
    this.changed()
  }

  private serverAt({ host, port }: RedisHost): RedisServer {
    const address = `${host}:${port}`
    const known = this.servers.get(address)
    if (known) return known
    const made = this.makeServer({ ...loginOf(this.options.address), host, port }, `Redis at ${address}`)
    this.servers.set(address, made)
    return made
  }

  private makeServer(redis: RedisOptions, where: string): RedisServer {
    const { address, tls, prefix, pulseMs, mayEvict } = this.options
    return new RedisServer({
      redis: address.tls ? { ...redis, tls: tls ?? {} } : redis,
      where,
      inCluster: this.isCluster,
      mayEvict,
      prefix,
      pulseMs,
      onChange: () => this.changed(),
    })
  }

  private changed(): void {
    if (this.isCluster && !isWhole(this.map)) void this.fetchMap()
    if (this.trouble === null) this.up = true
    for (const watcher of this.changeCallbacks) watcher()
  }
}

function routeOf(address: RedisAddress): RedisOptions {
  const login = { ...loginOf(address), db: address.database }
  if (address.kind === "sentinel")
    return {
      ...login,
      sentinels: [...address.hosts],
      name: address.masterName,
      enableTLSForSentinelMode: address.tls,
    }
  const [first] = address.hosts
  return { ...login, host: first?.host ?? "127.0.0.1", port: first?.port ?? 6379 }
}

const loginOf = ({ username, password }: RedisAddress): RedisOptions => ({
  ...(username !== null && { username }),
  ...(password !== null && { password }),
})

const hostIn = (address: string): string => address.slice(0, address.lastIndexOf(":"))
