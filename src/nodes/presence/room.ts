// One channel with presence on this node: who is here, who is leaving, what other nodes say while somebody asks, and who
// is told. It has no timer: `beat` is called while there is something to do.
import type { Channel } from "../../channels/channel.ts"
import type { Announcement, Part, PresenceEar, PresenceExchange } from "./exchange.ts"
import type { Attendance, AttendanceChange, PageOf, Watcher } from "./presence.ts"
import { Roster } from "./roster.ts"

/** Names in one telling. More wait for the next: a stadium that comes at once must not fill every outbox. */
const namesMax = 1000

/** Watchers told in one turn: a telling is a write each, about 10 µs. */
const watchersSliceMax = 250

/** Other nodes are heard for so long after the last question, so that who asks every second costs one loading. */
const lingerMs = 10_000

interface Here {
  connections: number
  readonly since: number
}

interface RoomOptions {
  readonly channel: Channel
  /** This node's name. */
  readonly node: string
  readonly exchange: PresenceExchange | null
  readonly graceMs: number
  /** Milliseconds since 1970: since when somebody is here. */
  readonly now: () => number
  /** Measures how long ago something was: who has left must not stay because a clock was set back. */
  readonly monotonic: () => number
  /** There is something to do: `beat` is to be called, until it says that nothing is left. */
  readonly wake: (room: Room) => void
}

export class Room implements PresenceEar {
  readonly channel: Channel
  private readonly options: RoomOptions
  private readonly here = new Map<string, Here>()
  private guests = 0
  /** When users without a connection leave, the first to leave first: the grace is the same for all. */
  private readonly leaving = new Map<string, number>()
  /** When the parts of nodes that are gone are forgotten. */
  private readonly ending = new Map<string, number>()
  /** What this node says. */
  private readonly own = new Roster()
  /** What all nodes say; kept while somebody asks. Without other nodes it is what this one says. */
  private all: Roster | null
  private observing: Promise<void> | null = null
  private loading = false
  private askedAtMs = 0
  private readonly watchers = new Set<Watcher>()
  private telling = false

  constructor(options: RoomOptions) {
    this.channel = options.channel
    this.options = options
    this.all = options.exchange ? null : this.own
  }

  /** Nothing is known here and nobody asks. */
  get isEmpty(): boolean {
    return (
      this.here.size === 0 &&
      this.guests === 0 &&
      this.watchers.size === 0 &&
      !this.own.isDirty &&
      (this.all === null || this.all === this.own)
    )
  }

  enter(user: string | undefined): void {
    if (user === undefined) return this.setGuests(this.guests + 1)
    this.leaving.delete(user)
    const known = this.here.get(user)
    if (known) {
      known.connections++
      return
    }
    const since = this.options.now()
    this.here.set(user, { connections: 1, since })
    this.say((roster, node) => roster.add(node, { user, since }))
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

  /** Throws `engine_unavailable`. */
  async attend(page: PageOf): Promise<Attendance> {
    this.askedAtMs = this.options.monotonic()
    this.options.wake(this)
    await this.observe()
    return this.attendance(page)
  }

  /** What is known now. */
  attendance(page: PageOf): Attendance {
    return (this.all ?? this.own).look(page)
  }

  watch(watcher: Watcher): void {
    this.watchers.add(watcher)
  }

  unwatch(watcher: Watcher): void {
    this.watchers.delete(watcher)
    this.askedAtMs = this.options.monotonic()
    this.options.wake(this)
  }

  /** The rule keeps no presence any more: nobody is here. */
  close(): void {
    for (const user of this.here.keys()) this.say((roster, node) => roster.remove(node, user))
    this.here.clear()
    this.leaving.clear()
    this.setGuests(0)
  }

  part(): Part {
    return { members: this.own.everybody(), guests: this.guests }
  }

  /** Who came and is in it, and leaves before the next announcement, must be said to have left. */
  takePart(): Part {
    this.own.settle()
    return this.part()
  }

  change(node: string, { joined, left, guests }: Announcement): void {
    const { all } = this
    if (!all) return
    this.options.wake(this)
    this.ending.delete(node)
    for (const member of joined) all.add(node, member)
    for (const user of left) all.remove(node, user)
    all.setGuests(node, guests)
  }

  replace(node: string, { members, guests }: Part): void {
    this.options.wake(this)
    this.ending.delete(node)
    this.all?.replace(node, members, guests)
  }

  drop(node: string): void {
    this.options.wake(this)
    this.ending.set(node, this.options.monotonic() + this.options.graceMs)
  }

  /** Carries out what is due and tells what changed. False when nothing is left to do until something happens. */
  beat(): boolean {
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
    const rests = this.all === null || this.all === this.own || this.watchers.size > 0
    const isDirty = this.own.isDirty || (this.all?.isDirty ?? false)
    return !rests || isDirty || this.telling || this.loading || this.leaving.size > 0 || this.ending.size > 0
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
    const all = new Roster()
    const { members, guests } = this.part()
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
    this.say((roster, node) => roster.setGuests(node, count))
  }

  private say(what: (roster: Roster, node: string) => void): void {
    this.options.wake(this)
    what(this.own, this.options.node)
    if (this.all && this.all !== this.own) what(this.all, this.options.node)
  }

  private endLeaving(now: number): void {
    for (const [user, due] of this.leaving) {
      if (due > now) return
      this.leaving.delete(user)
      this.here.delete(user)
      this.say((roster, node) => roster.remove(node, user))
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
    if (!this.all || this.watchers.size > 0 || now - this.askedAtMs < lingerMs) return
    this.all = null
    this.observing = null
    this.ending.clear()
    exchange.unobserve(this.channel)
  }

  private tell(): void {
    if (this.telling || this.loading) return
    const { all } = this
    // Nobody is told of what was there before somebody asked.
    if (!all || (all !== this.own && this.watchers.size === 0)) return all?.settle()
    const change = all.take(namesMax)
    if (change && this.watchers.size > 0) this.tellSlice([...this.watchers], change)
  }

  private tellSlice(watchers: Watcher[], change: AttendanceChange): void {
    for (const watcher of watchers.splice(0, watchersSliceMax)) {
      if (this.watchers.has(watcher)) watcher.changed(this.channel, change)
    }
    this.telling = watchers.length > 0
    if (this.telling) setImmediate(() => this.tellSlice(watchers, change))
  }
}
