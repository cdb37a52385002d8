// One channel with presence on this node: who is here, who is leaving, what other nodes announce while somebody asks, and who
// is told. It has no timer: `tick` is called while there is something to do.
import type { Channel } from "../../channels/channel.ts"
import type {
  PresenceUpdate,
  PresenceSnapshot,
  PresenceReceiver,
  PresenceExchange,
} from "./presence-exchange.ts"
import type { PresencePage, PresenceChange, PageRequest, PresenceSubscriber } from "./presence.ts"
import { PresenceMembers } from "./presence-members.ts"

/** Names in one change. More wait for the next: a stadium that comes at once must not fill every outbox. */
const namesMax = 1000

/** Subscribers told in one turn: a change is a write each, about 10 µs. */
const subscribersSliceMax = 250

/** Other nodes are observed for so long after the last question, so that who asks every second costs one loading. */
const lingerMs = 10_000

interface Here {
  connections: number
  readonly since: number
}

interface PresenceTrackerOptions {
  readonly channel: Channel
  /** This node's name. */
  readonly node: string
  readonly exchange: PresenceExchange | null
  readonly graceMs: number
  /** Milliseconds since 1970: since when somebody is here. */
  readonly now: () => number
  /** Measures how long ago something was: who has left must not stay because a clock was set back. */
  readonly monotonic: () => number
  /** There is something to do: `tick` is to be called, until it says that nothing is left. */
  readonly wake: (tracker: PresenceTracker) => void
}

export class PresenceTracker implements PresenceReceiver {
  readonly channel: Channel
  private readonly options: PresenceTrackerOptions
  private readonly here = new Map<string, Here>()
  private guests = 0
  /** When users without a connection leave, the first to leave first: the grace is the same for all. */
  private readonly leaving = new Map<string, number>()
  /** When the snapshots of nodes that are gone are forgotten. */
  private readonly ending = new Map<string, number>()
  /** What this node announces. */
  private readonly own = new PresenceMembers()
  /** What all nodes announce; kept while somebody asks. Without other nodes it is what this one announces. */
  private all: PresenceMembers | null
  private observing: Promise<void> | null = null
  private loading = false
  private askedAtMs = 0
  private readonly subscribers = new Set<PresenceSubscriber>()
  /** Those who are not told yet of the change that is being told. */
  private telling: Set<PresenceSubscriber> | null = null

  constructor(options: PresenceTrackerOptions) {
    this.channel = options.channel
    this.options = options
    this.all = options.exchange ? null : this.own
  }

  /** Nothing is known here and nobody asks. */
  get isEmpty(): boolean {
    return (
      this.here.size === 0 &&
      this.guests === 0 &&
      this.subscribers.size === 0 &&
      !this.own.isDirty &&
      (this.all === null || this.all === this.own)
    )
  }

  join(user: string | undefined): void {
    if (user === undefined) return this.setGuests(this.guests + 1)
    this.leaving.delete(user)
    const known = this.here.get(user)
    if (known) {
      known.connections++
      return
    }
    const since = this.options.now()
    this.here.set(user, { connections: 1, since })
    this.update((members, node) => members.add(node, { user, since }))
  }

  leave(user: string | undefined): void {
    if (user === undefined) return this.setGuests(Math.max(0, this.guests - 1))
    const known = this.here.get(user)
    if (!known) return
    known.connections--
    if (known.connections > 0) return
    this.leaving.set(user, this.options.monotonic() + this.options.graceMs)
    this.options.wake(this)
  }

  /** Somebody asks: resolves when what other nodes announce is known. Throws `engine_unavailable`. */
  async asked(): Promise<void> {
    this.askedAtMs = this.options.monotonic()
    this.options.wake(this)
    await this.observe()
  }

  /** What is known now. */
  known(page: PageRequest): PresencePage {
    return (this.all ?? this.own).page(page)
  }

  /** What subscribers have been told by now: the next change goes on from there. */
  told(membersMax: number): PresencePage {
    return (this.all ?? this.own).toldPage(membersMax)
  }

  subscribe(subscriber: PresenceSubscriber): void {
    // Nobody was told of anything yet: the answer has all of it.
    if (this.subscribers.size === 0) this.all?.settle()
    this.subscribers.add(subscriber)
    // The answer has the change that is being told.
    this.telling?.delete(subscriber)
  }

  unsubscribe(subscriber: PresenceSubscriber): void {
    this.subscribers.delete(subscriber)
    this.telling?.delete(subscriber)
    this.askedAtMs = this.options.monotonic()
    this.options.wake(this)
  }

  /** The rule keeps no presence any more: nobody is here. */
  close(): void {
    for (const user of this.here.keys()) this.update((members, node) => members.remove(node, user))
    this.here.clear()
    this.leaving.clear()
    this.setGuests(0)
  }

  snapshot(): PresenceSnapshot {
    return { members: this.own.everybody(), guests: this.guests }
  }

  /** Who came and is in it, and leaves before the next announcement, must be announced to have left. */
  takeSnapshot(): PresenceSnapshot {
    this.own.settle()
    return this.snapshot()
  }

  change(node: string, { joined, left, guests }: PresenceUpdate): void {
    const { all } = this
    if (!all) return
    this.options.wake(this)
    this.ending.delete(node)
    for (const member of joined) all.add(node, member)
    for (const user of left) all.remove(node, user)
    all.setGuests(node, guests)
  }

  replace(node: string, { members, guests }: PresenceSnapshot): void {
    this.options.wake(this)
    this.ending.delete(node)
    this.all?.replace(node, members, guests)
  }

  drop(node: string): void {
    this.options.wake(this)
    this.ending.set(node, this.options.monotonic() + this.options.graceMs)
  }

  /** Carries out what is due and tells what changed. False when nothing is left to do until something happens. */
  tick(): boolean {
    const now = this.options.monotonic()
    this.endLeaving(now)
    const { exchange } = this.options
    if (exchange) {
      const change = this.own.take(namesMax)
      if (change) exchange.announce(this.channel, change)
      this.dropEnded(now)
      this.restWhenUnasked(exchange, now)
    }
    this.tell()
    const rests = this.all === null || this.all === this.own || this.subscribers.size > 0
    const isDirty = this.own.isDirty || (this.all?.isDirty ?? false)
    return (
      !rests ||
      isDirty ||
      this.telling !== null ||
      this.loading ||
      this.leaving.size > 0 ||
      this.ending.size > 0
    )
  }

  private observe(): Promise<void> | undefined {
    const { exchange } = this.options
    if (!exchange) return
    this.observing ??= this.load(exchange).catch((error: unknown) => {
      this.observing = null
      this.all = null
      throw error
    })
    return this.observing
  }

  private async load(exchange: PresenceExchange): Promise<void> {
    const all = new PresenceMembers()
    const { members, guests } = this.snapshot()
    all.replace(this.options.node, members, guests)
    this.all = all
    this.loading = true
    try {
      await exchange.observe(this.channel, this)
    } finally {
      this.loading = false
    }
    // Whoever asks is answered with all of it; nothing of it is news.
    all.settle()
  }

  private setGuests(count: number): void {
    this.guests = count
    this.update((members, node) => members.setGuests(node, count))
  }

  private update(what: (members: PresenceMembers, node: string) => void): void {
    this.options.wake(this)
    what(this.own, this.options.node)
    if (this.all && this.all !== this.own) what(this.all, this.options.node)
  }

  private endLeaving(now: number): void {
    for (const [user, due] of this.leaving) {
      if (due > now) return
      this.leaving.delete(user)
      this.here.delete(user)
      this.update((members, node) => members.remove(node, user))
    }
  }

  private dropEnded(now: number): void {
    for (const [node, due] of this.ending) {
      if (due > now) return
      this.ending.delete(node)
      this.all?.drop(node)
    }
  }

  private restWhenUnasked(exchange: PresenceExchange, now: number): void {
    if (!this.all || this.subscribers.size > 0 || now - this.askedAtMs < lingerMs) return
    this.all = null
    this.observing = null
    this.ending.clear()
    exchange.unobserve(this.channel)
  }

  private tell(): void {
    if (this.telling || this.loading) return
    const { all } = this
    // Nobody is told of what was there before somebody asked.
    if (!all || (all !== this.own && this.subscribers.size === 0)) return all?.settle()
    const change = all.take(namesMax)
    if (!change || this.subscribers.size === 0) return
    this.telling = new Set(this.subscribers)
    this.tellSlice(this.telling, change)
  }

  private tellSlice(left: Set<PresenceSubscriber>, change: PresenceChange): void {
    let due = subscribersSliceMax
    for (const subscriber of left) {
      if (due-- === 0) break
      left.delete(subscriber)
      subscriber.changed(this.channel, change)
    }
    if (left.size === 0) this.telling = null
    else setImmediate(() => this.tellSlice(left, change))
  }
}
