// How often may be published: with a key, by a user, from an address, to a channel. And whose a message is.
import type { LimitName, Limits } from "../../../wire/limits.ts"
import type { Channel } from "../../channels/channel.ts"
import type { BudgetOwner } from "../../bounds/shared-budget.ts"
import type { Publisher } from "../../engines/engine.ts"
import { type Identity, userOf } from "../access.ts"
import { tooOften } from "./limit-errors.ts"
import { RateLimiter } from "./rate-limiter.ts"

/** Neither a key nor a user: told from others by the address alone, which then must be found out. */
export const isNameless = (identity: Identity): boolean =>
  identity.kind === "anyone" || (identity.kind === "token" && identity.user === undefined)

/** Whose share of what the engine keeps is counted: null addresses are this machine's own, and nobody's. */
export function publisherOf(identity: Identity, addressGroup: string | null): Publisher | undefined {
  if (identity.kind === "key") return `key:${identity.name}`
  const user = userOf(identity)
  if (user !== undefined) return `user:${user}`
  return addressGroup === null ? undefined : `address:${addressGroup}`
}

/**
 * Whose part of a budget that all share it is: a user or an address may have as much as is still free. Null: a key, which is your own backend,
 * and this machine's own may have all of it.
 */
export const budgetOwnerOf = (publisher: Publisher | undefined): BudgetOwner =>
  publisher === undefined || publisher.startsWith("key:") ? null : publisher

interface PublishRate {
  readonly limiter: RateLimiter
  readonly limit: LimitName
  /** In words. */
  readonly what: string
}

export class PublishRates {
  private readonly perKey: PublishRate
  private readonly perUser: PublishRate
  private readonly perAddress: PublishRate
  private readonly perChannel: PublishRate

  constructor(limits: Limits) {
    const by = (limit: Extract<LimitName, `publishesPer${string}`>, what: string): PublishRate => ({
      limiter: new RateLimiter(limits[limit]),
      limit,
      what,
    })
    this.perKey = by("publishesPerKeyPerSecond", "with this key")
    this.perUser = by("publishesPerUserPerSecond", "by this user")
    this.perAddress = by("publishesPerAddressPerSecond", "from this address")
    this.perChannel = by("publishesPerChannelPerSecond", "to this channel")
  }

  /** `addressGroup` is null for this machine's own. Throws `too_many_requests`. */
  count(identity: Identity, channel: Channel, addressGroup: string | null, nowMs: number): void {
    if (identity.kind === "key") countOne(this.perKey, identity.name, nowMs)
    else if (!isNameless(identity)) countOne(this.perUser, userOf(identity) as string, nowMs)
    else if (addressGroup !== null) countOne(this.perAddress, addressGroup, nowMs)
    countOne(this.perChannel, channel, nowMs)
  }
}

function countOne({ limiter, what, limit }: PublishRate, name: string, nowMs: number): void {
  if (limiter.perSecond === 0) return
  const waitMs = limiter.take(name, nowMs)
  if (waitMs > 0) throw tooOften(limit, `Too many messages in a second ${what}.`, waitMs)
}
