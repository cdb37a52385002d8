// Remembers Idempotency-Keys and the answers they got. Bounded, and it never forgets early: a full table refuses new
// keys instead, since a forgotten key would publish twice in silence. Nobody fills it alone: a publisher may have as many keys as
// its share of what is still free.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import { AgedMap } from "../bounds/aged-map.ts"
import type { Channel } from "../channels/channel.ts"
import type { Idempotency, Receipt, Publisher } from "./engine.ts"
import { keysPerFree } from "./publisher-shares.ts"

interface KnownKey {
  readonly receipt: Receipt
  readonly digest: string
  readonly expiresAt: number
  readonly publisher: Publisher | undefined
}

/** What was, or is to be, published under a key. */
interface KeyedPublish {
  readonly channel: Channel
  readonly idempotency: Idempotency
  readonly publisher?: Publisher | undefined
}

/** Read whenever they are needed. */
type IdempotencyLimits = Pick<Limits, "idempotencyKeysMax" | "idempotencySeconds">

export class IdempotencyKeys {
  // All live equally long: the oldest is the next to expire. After the time was changed some are forgotten late, never early.
  private readonly remembered = new AgedMap<string, KnownKey>()
  /** How many of each publisher's are remembered. */
  private readonly countOf = new Map<Publisher, number>()
  private reserved = 0
  private readonly limits: IdempotencyLimits

  constructor(limits: IdempotencyLimits) {
    this.limits = limits
  }

  get size(): number {
    return this.remembered.size
  }

  /** The first answer to this key, or null when it is new. Throws `idempotency_conflict` or `too_many_keys`. */
  find({ channel, idempotency, publisher }: KeyedPublish, now: number): Receipt | null {
    this.expire(now)
    const known = this.remembered.get(keyNameOf(channel, idempotency))
    if (known) {
      if (known.digest === idempotency.digest) return { ...known.receipt, duplicate: true }
      throw idempotencyConflict()
    }
    const { idempotencyKeysMax } = this.limits
    const free = idempotencyKeysMax - this.remembered.size - this.reserved
    if (free <= 0)
      throw this.full(
        `All ${idempotencyKeysMax} Idempotency-Keys are in use (limits.idempotencyKeysMax)`,
        now,
      )
    if (publisher !== undefined && (this.countOf.get(publisher) ?? 0) >= free * keysPerFree(publisher))
      throw this.full("You have as many Idempotency-Keys in use as one publisher may have now", now)
    return null
  }

  /** Takes the place of a key whose answer is not known yet: what waits counts, or many at once would pass. */
  reserve(publisher: Publisher | undefined): void {
    this.reserved++
    if (publisher !== undefined) this.countUp(publisher)
  }

  /** Its answer is known now, or never will be. */
  unreserve(publisher: Publisher | undefined): void {
    this.reserved--
    if (publisher !== undefined) this.countDown(publisher)
  }

  remember({ channel, idempotency, publisher }: KeyedPublish, receipt: Receipt, now: number): void {
    this.remembered.set(keyNameOf(channel, idempotency), {
      receipt,
      digest: idempotency.digest,
      expiresAt: now + this.limits.idempotencySeconds * 1000,
      publisher,
    })
    if (publisher !== undefined) this.countUp(publisher)
  }

  private full(says: string, now: number): LabaError {
    const first = this.remembered.oldest
    const waitMs = first ? Math.max(first.value.expiresAt - now, 0) : this.limits.idempotencySeconds * 1000
    return new LabaError("too_many_keys", `${says}; retry later, or publish without a key.`, {
      retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
      limit: "idempotencyKeysMax",
    })
  }

  private expire(now: number): void {
    for (let oldest = this.remembered.oldest; oldest; oldest = this.remembered.oldest) {
      const { key, value: entry } = oldest
      if (entry.expiresAt > now) return
      this.remembered.delete(key)
      if (entry.publisher !== undefined) this.countDown(entry.publisher)
    }
  }

  private countUp(publisher: Publisher): void {
    this.countOf.set(publisher, (this.countOf.get(publisher) ?? 0) + 1)
  }

  private countDown(publisher: Publisher): void {
    const left = (this.countOf.get(publisher) ?? 1) - 1
    if (left > 0) this.countOf.set(publisher, left)
    else this.countOf.delete(publisher)
  }
}

// A channel's name never holds a space in its canonical form, so two names cannot run into each other.
export const keyNameOf = (channel: Channel, idempotency: Idempotency | undefined): string =>
  `${channel} ${idempotency?.key}`

/** The key was used on the channel with another body. */
export const idempotencyConflict = (): LabaError =>
  new LabaError(
    "idempotency_conflict",
    "This Idempotency-Key was used on this channel with another body; use a new key for a new message.",
  )
