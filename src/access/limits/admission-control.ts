// How many may come, and how often: connections in all, of an address and of a user; connects and publishes a second.
// Knows addresses, users and channels by name, and no transport.
import { setTimeout as pause } from "node:timers/promises"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Publisher } from "../../engines/engine.ts"
import type { Identity } from "../access.ts"
import { addressGroupOf } from "../origins/client-address.ts"
import { full, tooOften } from "./limit-errors.ts"
import { PublishRates, publisherOf } from "./publish-rates.ts"
import { nextDue, RateLimiter } from "./rate-limiter.ts"
import { AddressUsage, PendingCounts, Reservation } from "./reservation.ts"

/** What of the open connections and the polls that are held is looked at. */
export interface OpenConnections {
  /** The connections. */
  readonly size: number
  /** A user's connections, and the polls that are held for them. */
  countOfUser(user: string): number
}

interface AdmissionControlOptions {
  readonly limits: Limits
  readonly openConnections: OpenConnections
  readonly now?: () => number
  readonly wait?: (ms: number) => Promise<void>
}

/** A refused frame or body counts once more for each so many of its characters. */
const refusalChars = 16 * 1024

interface RefusedCommand {
  readonly dueAtMs: number
  readonly addressGroup: string | null
  /** How long it was. */
  readonly chars: number
}

/** Addresses remembered though nobody is connected from them; then they are forgotten all at once. */
const unusedAddressesMax = 10_000

/** Rates are counted by a clock that nobody sets: after one that is set back by an hour, nobody would be let in for an hour. */
const monotonicMs = (): number => performance.now()

export class AdmissionControl {
  /** Connections that waited for their turn. */
  delayed = 0
  private limits: Limits
  private readonly openConnections: OpenConnections
  private readonly now: () => number
  private readonly wait: (ms: number) => Promise<void>
  private readonly usageByAddress = new Map<string, AddressUsage>()
  private sweepAbove = unusedAddressesMax
  private waiting = 0
  private readonly pending = new PendingCounts()
  private connects: RateLimiter
  private publishes: PublishRates
  private refusals: RateLimiter

  constructor({ limits, openConnections, now = monotonicMs, wait = pause }: AdmissionControlOptions) {
    this.limits = limits
    this.openConnections = openConnections
    this.now = now
    this.wait = wait
    this.connects = new RateLimiter(limits.connectsPerAddressPerSecond)
    this.publishes = new PublishRates(limits)
    this.refusals = new RateLimiter(limits.refusalsPerAddressPerSecond)
  }

  /** Takes other limits. Who is connected stays, and every rate is counted anew. */
  configure(limits: Limits): void {
    this.limits = limits
    this.connects = new RateLimiter(limits.connectsPerAddressPerSecond)
    this.publishes = new PublishRates(limits)
    this.refusals = new RateLimiter(limits.refusalsPerAddressPerSecond)
  }

  /**
   * Reserves a place for a connection, once it is its turn. `address` is null for this machine's own. Throws
   * `too_many_connections` and `too_many_requests`.
   */
  async connect(address: string | null): Promise<Reservation> {
    this.checkRoom()
    if (address === null) return new Reservation(this.pending, null)
    const addressGroup = addressGroupOf(address)
    const waitMs = this.waitForTurn(addressGroup)
    if (waitMs > 0) {
      this.delayed++
      this.waiting++
      await this.wait(waitMs).finally(() => this.waiting--)
      this.checkRoom()
    }
    return new Reservation(this.pending, this.usageWithRoom(addressGroup))
  }

  /**
   * What is counted of the address of a poll that is to be held. It counts as a connection of its address, and needs no turn: it comes anew with
   * every message. Throws `too_many_connections`.
   */
  hold(address: string | null): AddressUsage | null {
    return address === null ? null : this.usageWithRoom(addressGroupOf(address))
  }

  /** Counts a reservation among what a user has. Throws `too_many_connections`. */
  reserveFor(user: string | undefined, reservation: Reservation): void {
    if (user === reservation.user) return
    this.checkUser(user)
    reservation.nameUser(user)
  }

  /** Throws `too_many_connections` when a user has as many as one may; `own` of them are who asks. */
  checkUser(user: string | undefined, own = 0): void {
    const { connectionsPerUserMax } = this.limits
    if (user === undefined || connectionsPerUserMax === 0) return
    const count = this.openConnections.countOfUser(user) + this.pending.countOfUser(user)
    if (count - own >= connectionsPerUserMax)
      throw full(
        "connectionsPerUserMax",
        `A user has at most ${connectionsPerUserMax} connections and waiting polls.`,
      )
  }

  /** Counts a publish, and says whose it is. `addressGroup` is null for this machine's own. Throws `too_many_requests`. */
  publish(identity: Identity, channel: Channel, addressGroup: string | null): Publisher | undefined {
    this.publishes.count(identity, channel, addressGroup, this.now())
    return publisherOf(identity, addressGroup)
  }

  /**
   * Counts what a client sent and was refused: a long one is as dear to pass over as several. `dueAtMs` is what the last one of its
   * connection was answered, at first 0; `addressGroup` is null for this machine's own. Throws `too_many_requests`.
   */
  refuse({ dueAtMs, addressGroup, chars }: RefusedCommand): number {
    const nowMs = this.now()
    const times = 1 + Math.floor(chars / refusalChars)
    const next = nextDue(dueAtMs, nowMs, this.limits.refusalsPerConnectionPerSecond, times)
    const detail = "Too many commands were refused in a second"
    if (next === null)
      throw tooOften("refusalsPerConnectionPerSecond", `${detail} on this connection.`, dueAtMs - nowMs)
    const waitMs = addressGroup === null ? 0 : this.refusals.take(addressGroup, nowMs, times)
    if (waitMs > 0) throw tooOften("refusalsPerAddressPerSecond", `${detail} from this address.`, waitMs)
    return next
  }

  private checkRoom(): void {
    const { connectionsMax } = this.limits
    if (this.openConnections.size + this.pending.size >= connectionsMax)
      throw full("connectionsMax", `This node has at most ${connectionsMax} connections.`)
  }

  /** Milliseconds to wait. */
  private waitForTurn(addressGroup: string): number {
    const isRoom = this.waiting < this.limits.connectsWaitingMax
    const waitMsMax = isRoom ? this.limits.connectWaitSecondsMax * 1000 : 0
    const waitMs = this.connects.takeWithin(addressGroup, this.now(), { waitMsMax })
    if (waitMs <= waitMsMax) return waitMs
    const limit = isRoom ? "connectsPerAddressPerSecond" : "connectsWaitingMax"
    throw tooOften(limit, "Too many new connections from one address.", waitMs)
  }

  private usageWithRoom(addressGroup: string): AddressUsage {
    const usage = this.usageOf(addressGroup)
    const { connectionsPerAddressMax } = this.limits
    if (connectionsPerAddressMax > 0 && usage.connections >= connectionsPerAddressMax)
      throw full(
        "connectionsPerAddressMax",
        `From one address there are at most ${connectionsPerAddressMax} connections and waiting polls.`,
      )
    return usage
  }

  private usageOf(addressGroup: string): AddressUsage {
    let usage = this.usageByAddress.get(addressGroup)
    if (!usage) {
      if (this.usageByAddress.size >= this.sweepAbove) this.sweep()
      usage = new AddressUsage(addressGroup)
      this.usageByAddress.set(addressGroup, usage)
    }
    return usage
  }

  /** Forgets addresses that nobody is connected from; what is left is bounded by the connections. */
  private sweep(): void {
    for (const [name, { connections }] of this.usageByAddress)
      if (connections === 0) this.usageByAddress.delete(name)
    this.sweepAbove = this.usageByAddress.size + unusedAddressesMax
  }
}
