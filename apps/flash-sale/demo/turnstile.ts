// Looks once a second how a sale stands, for a whole crowd: who waits asks about their own ticket only when it says that
// their turn has come.
import type { SaleSnapshot } from "../model/wire/api.ts"

export class Turnstile {
  private readonly url: string
  /** What there is to buy. */
  items: readonly string[] = []
  private standing: SaleSnapshot | null = null
  private seenAt = performance.now()
  private readonly waiting = new Set<{ turn: number | null; until: number; wake: () => void }>()

  constructor(url: string, sale: string) {
    this.url = `${url}/api/sales/${encodeURIComponent(sale)}`
  }

  /** For how long the shop has not answered. */
  get awayMs(): number {
    return performance.now() - this.seenAt
  }

  async look(): Promise<void> {
    try {
      const answer = await fetch(this.url, { signal: AbortSignal.timeout(5000) })
      // A shop that is starting has nothing to say yet.
      if (!answer.ok) return
      const sale = (await answer.json()) as { standing: SaleSnapshot; items: { id: string }[] }
      this.standing = sale.standing
      this.items = sale.items.map(({ id }) => id)
      this.seenAt = performance.now()
    } catch {
      // It may be starting again.
    }
    for (const one of this.waiting) {
      if (!this.hasCome(one.turn) && performance.now() < one.until) continue
      this.waiting.delete(one)
      one.wake()
    }
  }

  /** Resolves when a turn has come; in any case after about `patienceMs`, because much can change without a turn. */
  turnOf(turn: number | null, patienceMs: number): Promise<void> {
    return new Promise((wake) => {
      this.waiting.add({ turn, until: performance.now() + patienceMs * (0.5 + Math.random()), wake })
    })
  }

  private hasCome(turn: number | null): boolean {
    const { standing } = this
    if (standing === null) return false
    const isOver = standing.phase === "closed" || standing.items.every((item) => item.gone)
    return isOver || (turn !== null && turn <= standing.served)
  }
}
