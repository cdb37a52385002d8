// What backends must hear, kept in Redis under the node's lease: when it runs out, whoever is alive takes over and delivers it. A node
// whose notifications others have taken over ends those connections; one that Redis has merely forgotten writes them again.
import { LabaError } from "../../../wire/error.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import type { Script } from "../../redis/script.ts"
import type {
  HookNotification,
  ListeningNodes,
  NotificationStore,
  OccupancyChange,
  StoreEvents,
} from "../../hooks/remote/remote.ts"
import { enterScript, leaveScript, putScript, renewScript, vacateScript } from "./redis-store-scripts.ts"

/** All of it is under one tag: a script moves what a dead node has left to a living one. */
const tag = "hooks"

/** Notifications taken over, or written again, in one step. Each is about 300 bytes; the step holds Redis for a millisecond. */
const perStepMax = 200

/** How long it is known that others have taken over from a run. Sockets of a node that stood still for longer are gone. */
const generationKeptMs = 24 * 3_600_000

interface RedisNotificationStoreOptions {
  readonly redis: RedisClient
  /** Names this run of this node. */
  readonly run: string
  readonly leaseMs: number
}

export class RedisNotificationStore implements NotificationStore {
  readonly durable = true
  readonly listeningNodes: ListeningNodes = {
    enter: (will, occupied) => {
      const kept = JSON.stringify({ ...will, isWill: true })
      const more = occupied ? [occupied.id, JSON.stringify(occupied)] : ["", ""]
      return this.changeOccupancy(enterScript, will, [will.id, kept, ...more])
    },
    leave: (will) => this.changeOccupancy(vacateScript, will, [will.id, JSON.stringify(will)]),
  }
  private readonly options: RedisNotificationStoreOptions
  private readonly keys: { readonly leases: string; readonly generations: string; readonly mine: string }
  private events: StoreEvents | null = null
  private timer: ReturnType<typeof setInterval> | null = null
  private stopWatching = (): void => {}
  private renewing: Promise<void> | null = null
  private generation = "1"
  /** Of the Redis that was written to last: another one, or the same after a restart, may have lost what was written. */
  private replicationId = ""
  /** What Redis holds may not be what is to be told: all of it is written again. */
  private needsResync = false
  /** Writes under way, by id: what is removed meanwhile is removed after them. */
  private readonly writing = new Map<string, Promise<unknown>>()
  /** Delivered, and Redis was not known to have removed it: another run's are not to be delivered again. */
  private readonly unremoved = new Set<string>()

  constructor(options: RedisNotificationStoreOptions) {
    this.options = options
    const { redis, run } = options
    this.keys = {
      leases: redis.key(tag, "leases"),
      generations: redis.key(tag, "tenures"),
      mine: redis.key(tag, `tells-${run}`),
    }
  }

  /** Nothing: what earlier runs have left is taken over as theirs is by anybody. */
  load(): HookNotification[] {
    return []
  }

  begin(events: StoreEvents): void {
    this.events = events
    const { redis, leaseMs } = this.options
    this.timer = setInterval(() => void this.renew(), Math.min(1000, leaseMs / 5))
    // It keeps no process that has nothing else to do.
    this.timer.unref?.()
    this.stopWatching = redis.onChange(() => {
      if (redis.troubleAt(tag)) this.needsResync = true
      else if (this.needsResync) void this.renew()
    })
    void this.renew()
  }

  /** Throws `engine_unavailable`. */
  async put(notification: HookNotification): Promise<void> {
    await this.underLease(async () => (await this.write([notification])) || null)
  }

  remove(id: string): void {
    this.unremoved.add(id)
    const before = this.writing.get(id) ?? Promise.resolve()
    void before
      .then(() => this.options.redis.command(tag, "HDEL", this.keys.mine, id))
      .then(() => this.unremoved.delete(id))
      // It is removed when everything is written again.
      .catch(() => (this.needsResync = true))
  }

  /** What is left is delivered by another node, when the lease has run out. */
  async close(): Promise<void> {
    if (this.timer) clearInterval(this.timer)
    this.stopWatching()
    const { redis, run } = this.options
    const { leases, generations, mine } = this.keys
    try {
      await this.renewing
      if (this.needsResync) await this.renew()
      this.events = null
      await Promise.all(this.writing.values())
      await redis.run(leaveScript, tag, [leases, generations, mine], [run])
    } catch {
      // Then the lease runs out by itself.
    }
  }

  private changeOccupancy(
    script: Script,
    will: HookNotification,
    args: readonly string[],
  ): Promise<OccupancyChange> {
    const { redis, run } = this.options
    const keys = [this.keys.generations, this.keys.mine, this.listenedKey(will)]
    return this.underLease(async () => {
      const reply = await redis.run(script, tag, keys, [run, this.generation, ...args])
      if (!Array.isArray(reply)) return null
      return { is: String(reply[0]) as OccupancyChange["is"], time: Number(reply[1]) }
    })
  }

  /** A channel that this node is in, written again. */
  private async resendWill(will: HookNotification): Promise<void> {
    const { redis, run } = this.options
    const keys = [this.keys.generations, this.keys.mine, this.listenedKey(will)]
    await redis.run(enterScript, tag, keys, [run, this.generation, will.id, JSON.stringify(will), "", ""])
  }

  private listenedKey({ event }: HookNotification): string {
    if (event.kind === "unregister") throw new TypeError("an unregister is no will of a channel")
    return this.options.redis.key(tag, `listened:${event.channel}`)
  }

  /** Does what answers null without a lease, once more with a new one. Throws `engine_unavailable`. */
  private async underLease<T>(work: () => Promise<T | null>): Promise<T> {
    for (let tries = 0; tries < 2; tries++) {
      const done = await work()
      if (done !== null) return done
      // Without a lease, or when others deliver what it had, nobody would look for what a dead node has left.
      await this.renew()
    }
    throw new LabaError("engine_unavailable", "This node has no lease at the moment.", {
      retryAfterSeconds: 2,
    })
  }

  private renew(): Promise<void> {
    this.renewing ??= this.renewNow().finally(() => {
      this.renewing = null
    })
    return this.renewing
  }

  private async renewNow(): Promise<void> {
    try {
      for (;;) {
        const [status, generation = "1", replicationId = "", ...fields] = await this.renewed()
        if (status === "taken") await this.reportLeaseLost()
        if (status === "forgotten" || replicationId !== this.replicationId) this.needsResync = true
        this.generation = generation
        this.replicationId = replicationId
        this.events?.adopted(
          fields.filter((_, i) => i % 2 === 1).map((text) => JSON.parse(text) as HookNotification),
        )
        if (fields.length === 0) break
      }
      if (this.needsResync) await this.resync()
    } catch {
      // The engine tells that Redis is away. What it did, and could not answer, is found when everything is written again.
      this.needsResync = true
    }
  }

  private async renewed(): Promise<string[]> {
    const { redis, run, leaseMs } = this.options
    const { leases, generations, mine } = this.keys
    const keys = [leases, generations, redis.key(tag, "ended"), redis.key(tag, "renewals"), mine]
    const reply = await redis.run(renewScript, tag, keys, [
      ...[run, leaseMs, this.generation, redis.key(tag, "tells-")],
      ...[perStepMax, generationKeptMs],
    ])
    return Array.isArray(reply) ? reply.map(String) : []
  }

  private async reportLeaseLost(): Promise<void> {
    this.events?.leaseLost(new Set(await this.ids()))
  }

  private async ids(): Promise<string[]> {
    const reply = await this.options.redis.command(tag, "HKEYS", this.keys.mine)
    return Array.isArray(reply) ? reply.map(String) : []
  }

  /** Makes what Redis holds what is to be told, after it may have lost one thing and kept another. */
  private async resync(): Promise<void> {
    this.needsResync = false
    const { redis } = this.options
    // A script that Redis has to be handed over first would come behind what is sent after it.
    for (const script of [enterScript, vacateScript]) await redis.command(tag, "SCRIPT", "LOAD", script.lua)
    const held = new Set(await this.ids())
    // From here on nothing is waited for until it is known what there is.
    const kept = [...(this.events?.snapshot() ?? [])]
    const known = new Set(kept.map(({ id }) => id))
    const notifications = kept.filter(({ isWill }) => !isWill)
    // All at once: what is left from now on is left after it was written.
    const resent = Promise.all(kept.filter(({ isWill }) => isWill).map((will) => this.resendWill(will)))
    // Whoever waits for it may have thrown before.
    resent.catch(() => undefined)
    for (const id of this.unremoved) if (!held.has(id)) this.unremoved.delete(id)
    const strangers = [...held].filter((id) => !known.has(id))
    const isOwn = (id: string): boolean => /^[^-/]*/.exec(id)?.[0] === this.options.run
    // Taken over, by a step whose answer was lost on its way here; of its own, channels that it has left, and is in again in an
    // older copy of what Redis held.
    const isUnheard = (id: string): boolean =>
      !this.unremoved.has(id) && (!isOwn(id) || id.includes("/vacated/"))
    const unheard = strangers.filter(isUnheard)
    for (const id of strangers) if (!isUnheard(id)) this.remove(id)
    for (let at = 0; at < notifications.length; at += perStepMax) {
      // What was told meanwhile is not to be remembered.
      const some = notifications.slice(at, at + perStepMax).filter(({ id }) => !this.unremoved.has(id))
      if (some.length > 0 && !(await this.write(some))) throw new Error("others have taken over meanwhile")
    }
    await resent
    for (const id of unheard) {
      const text = await redis.command(tag, "HGET", this.keys.mine, id)
      if (text !== null) this.events?.adopted([JSON.parse(String(text)) as HookNotification])
    }
  }

  /** False, and nothing is written, when the lease was lost. Throws `engine_unavailable`. */
  private async write(notifications: readonly HookNotification[]): Promise<boolean> {
    const { redis, run } = this.options
    const { generations, mine } = this.keys
    const args = [run, this.generation, ...notifications.flatMap((one) => [one.id, JSON.stringify(one)])]
    const written = redis.run(putScript, tag, [generations, mine], args)
    const settled = written.catch(() => undefined)
    for (const { id } of notifications) this.writing.set(id, settled)
    try {
      return (await written) === 1
    } finally {
      for (const { id } of notifications) if (this.writing.get(id) === settled) this.writing.delete(id)
    }
  }
}
