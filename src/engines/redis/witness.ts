// What this node saw of each part of Redis, for the question whether anything is missing after a restart (`redis.durable`).
// While that is open nothing is asked of the part. Knows lives and counts; refuses to know what was counted.
import { randomUUID } from "node:crypto"
import type { Link } from "./link.ts"
import { type Partition, randomGeneration } from "./partitions.ts"
import { scripts } from "./scripts.ts"
import { RedisTrouble, replyCodeOf, unavailable } from "./trouble.ts"

/** How often an open question is asked again: publishers wait for it. */
const askAgainMs = 100

export interface WitnessOptions {
  readonly link: Link
  readonly partitions: readonly Partition[]
  /** How long a node is waited for that does not say what it saw, in milliseconds. */
  readonly leaseMs: number
}

interface Testimony {
  readonly partition: Partition
  /** Nothing is open: what is asked is answered. */
  isSettled: boolean
  isAsking: boolean
  /** The life of Redis and the generation that `seen` belongs to; empty before the first answer. */
  life: string
  generation: string
  /** The greatest count that was answered or heard. */
  seen: number
  /** The life in which it was said already what was seen in the one before. */
  votedIn: string
}

export class Witness {
  private readonly options: WitnessOptions
  private readonly self = randomUUID()
  private readonly testimonies: ReadonlyMap<Partition, Testimony>
  private readonly unwatch: () => void
  private timer: ReturnType<typeof setTimeout> | null = null
  private stopped = false
  /** Whoever waits for it. */
  private tellSettled: () => void = () => undefined

  constructor(options: WitnessOptions) {
    this.options = options
    const blank = { isSettled: false, isAsking: false, life: "", generation: "", seen: 0, votedIn: "" }
    this.testimonies = new Map(
      options.partitions.map((partition) => [partition, { partition, ...blank } as Testimony]),
    )
    this.unwatch = options.link.watch(() => this.linkChanged())
  }

  /** Renews the lease of this node in every part, and asks where something is open. Once a second. */
  renew(): void {
    for (const testimony of this.testimonies.values()) void this.ask(testimony)
  }

  /** Throws `engine_unavailable` while it is open whether the numbering of a part goes on. */
  check(partition: Partition): void {
    if (this.testimonies.get(partition)?.isSettled) return
    const { where } = this.options.link
    throw unavailable(
      this.options.link.troubleAt(partition.tag) ??
        new RedisTrouble(`${where} was restarted, and not every node has said yet what it saw before`, {
          passing: true,
        }),
      where,
    )
  }

  /** Resolves when nothing is open, or after `patienceMs`. */
  async settled(patienceMs: number): Promise<void> {
    if (this.isSettled) return
    await Promise.race([
      new Promise<void>((resolve) => void (this.tellSettled = resolve)),
      new Promise<void>((resolve) => void setTimeout(resolve, patienceMs).unref()),
    ])
  }

  /** The same for all parts together. */
  checkAll(): void {
    for (const partition of this.options.partitions) this.check(partition)
  }

  /** A count came with an answer or an announcement. */
  saw(partition: Partition, count: number): void {
    const testimony = this.testimonies.get(partition)
    if (testimony && count > testimony.seen) testimony.seen = count
  }

  /** Something was refused: perhaps since Redis is another, or was restarted unnoticed. */
  refused(partition: Partition, error: unknown): void {
    const cause = error instanceof Error ? error.cause : null
    const testimony = this.testimonies.get(partition)
    if (!testimony || replyCodeOf(cause) !== "UNDECIDED") return
    testimony.isSettled = false
    void this.ask(testimony)
  }

  /** This node says nothing any more, and nobody is to wait for it. */
  async stop(): Promise<void> {
    this.unwatch()
    this.stopped = true
    if (this.timer) clearTimeout(this.timer)
    const settled = [...this.testimonies.values()].filter(({ isSettled }) => isSettled)
    await Promise.all(settled.map((testimony) => this.say(testimony, true).catch(() => undefined)))
  }

  /** A connection that broke may have ended a life of Redis. Asking needs the one for commands alone. */
  private linkChanged(): void {
    for (const testimony of this.testimonies.values()) {
      if (this.options.link.troubleAt(testimony.partition.tag)) testimony.isSettled = false
      if (!testimony.isSettled) void this.ask(testimony)
    }
  }

  private get isSettled(): boolean {
    return [...this.testimonies.values()].every(({ isSettled }) => isSettled)
  }

  private async ask(testimony: Testimony): Promise<void> {
    if (this.stopped || testimony.isAsking) return
    testimony.isAsking = true
    try {
      const [standing = "", life = "", generation = "", count] = await this.say(testimony, false)
      if (standing === "settled") {
        // Where numbering began anew, what was seen before is of no use.
        if (generation !== testimony.generation) testimony.seen = Number(count)
        Object.assign(testimony, { life, generation, votedIn: "", isSettled: true })
        this.saw(testimony.partition, Number(count))
      } else {
        testimony.votedIn = life
        testimony.isSettled = false
      }
    } catch {
      // Redis is away; the link tells when it is back.
    } finally {
      testimony.isAsking = false
    }
    if (!testimony.isSettled) this.askAgain()
    else if (this.isSettled) this.tellSettled()
  }

  private askAgain(): void {
    if (this.stopped) return
    this.timer ??= setTimeout(() => {
      this.timer = null
      for (const testimony of this.testimonies.values()) if (!testimony.isSettled) void this.ask(testimony)
    }, askAgainMs)
  }

  private async say(testimony: Testimony, leaves: boolean): Promise<string[]> {
    const { link, leaseMs } = this.options
    const { partition, life, seen, generation, votedIn } = testimony
    const [ledger, lives] = partition.keys as readonly [string, string]
    const keys = [ledger, lives, link.key(partition.tag, "witnesses"), link.key(partition.tag, "votes")]
    const known = [life, seen, generation, votedIn]
    const args = [randomGeneration(), this.self, ...known, leaseMs, leaves ? 1 : 0]
    const reply = await link.run(scripts.witness, partition.tag, keys, args)
    return Array.isArray(reply) ? reply.map(String) : []
  }
}
