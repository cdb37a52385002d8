// Whose trades are looked at, and when. A callback may be lost; who has paid should not have to wait for the end of their time
// to be told so. Those who look at their order are asked for at once, all others at a modest pace. Asks nothing itself.
import type { Sale } from "../book/sale.ts"

/** An order whose trade may be paid at any moment. */
interface Looked {
  readonly sale: Sale
  readonly number: number
}

interface Entry extends Looked {
  dueAt: number
  waitMs: number
  askedAt: number
}

/** From the opening of a trade to the first look: the time that a payment takes, and a callback after it. */
const firstMs = 4000

/** Each look is later than the last by half as much again, up to this: who takes long, takes longer. */
const waitMsMax = 30_000

/** Somebody who reloads and reloads has the provider asked no more often than so. */
const everyMsMin = 3000

/** Looks by themselves that begin in a second, over all sales: ten thousand open trades must not become ten thousand questions. */
const perSecondMax = 32

export class TradePolling {
  private readonly entries = new Map<string, Entry>()
  private tookAt = -Infinity

  /** A trade was opened, or found open after a restart. */
  add(name: string, looked: Looked, now: number): void {
    if (!this.entries.has(name))
      this.entries.set(name, { ...looked, dueAt: now + firstMs, waitMs: firstMs, askedAt: -Infinity })
  }

  /** Its buyer looks at the order. True when the provider may be asked about it now. */
  wish(name: string, now: number): boolean {
    const entry = this.entries.get(name)
    if (!entry || now - entry.askedAt < everyMsMin) return false
    entry.askedAt = now
    return true
  }

  /** The order does not wait for money any more. */
  drop(name: string): void {
    this.entries.delete(name)
  }

  /** Those whose turn it is, once a second; each has its next turn later. */
  take(now: number): (Looked & { readonly name: string })[] {
    if (now - this.tookAt < 1000) return []
    this.tookAt = now
    const taken: (Looked & { readonly name: string })[] = []
    for (const [name, entry] of this.entries) {
      if (taken.length >= perSecondMax) break
      if (entry.dueAt > now) continue
      entry.waitMs = Math.min(waitMsMax, entry.waitMs * 1.5)
      entry.dueAt = now + entry.waitMs
      entry.askedAt = now
      // To the end, so that with more than can be asked each has a turn.
      this.entries.delete(name)
      this.entries.set(name, entry)
      taken.push({ name, sale: entry.sale, number: entry.number })
    }
    return taken
  }
}
