// Remembers Idempotency-Keys and the answers they got. Bounded, and it never forgets early: a full table refuses new
// keys instead, since a forgotten key would publish twice in silence.
import { LabaError } from "../../../wire/error.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Idempotency, Receipt } from "../engine.ts"

interface Remembered {
  readonly receipt: Receipt
  readonly digest: string
  readonly expiresAt: number
}

/** Read whenever they are needed. */
export type ReceiptsLimits = Pick<Limits, "idempotencyKeysMax" | "idempotencySeconds">

export class Receipts {
  // A Map iterates in the order of insertion, and all entries live equally long: the first is the next to expire. After
  // the time was changed some are forgotten late, never early.
  private readonly remembered = new Map<string, Remembered>()
  private readonly limits: ReceiptsLimits

  constructor(limits: ReceiptsLimits) {
    this.limits = limits
  }

  get size(): number {
    return this.remembered.size
  }

  /** The first answer to this key, or null when it is new. Throws `idempotency_conflict` or `too_many_keys`. */
  find(channel: Channel, idempotency: Idempotency, now: number): Receipt | null {
    this.expire(now)
    const known = this.remembered.get(nameOf(channel, idempotency))
    if (known) {
      if (known.digest === idempotency.digest) return { ...known.receipt, duplicate: true }
      throw new LabaError(
        "idempotency_conflict",
        "This Idempotency-Key was used on this channel with another body; use a new key for a new message.",
      )
    }
    if (this.remembered.size >= this.limits.idempotencyKeysMax) throw this.full(now)
    return null
  }

  remember(channel: Channel, idempotency: Idempotency, receipt: Receipt, now: number): void {
    this.remembered.set(nameOf(channel, idempotency), {
      receipt,
      digest: idempotency.digest,
      expiresAt: now + this.limits.idempotencySeconds * 1000,
    })
  }

  private full(now: number): LabaError {
    const first = this.remembered.values().next().value
    const waitMs = first ? Math.max(first.expiresAt - now, 0) : this.limits.idempotencySeconds * 1000
    return new LabaError(
      "too_many_keys",
      `All ${this.limits.idempotencyKeysMax} Idempotency-Keys are in use (limits.idempotencyKeysMax); retry later, or publish without a key.`,
      { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) },
    )
  }

  private expire(now: number): void {
    for (const [name, entry] of this.remembered) {
      if (entry.expiresAt > now) return
      this.remembered.delete(name)
    }
  }
}

// A channel's name never holds a space in its canonical form, so two names cannot run into each other.
const nameOf = (channel: Channel, idempotency: Idempotency): string => `${channel} ${idempotency.key}`
