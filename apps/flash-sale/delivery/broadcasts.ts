// What everybody hears: a sale's queue and stock once a second, and at once when it sells out or opens again. Also
// notices when Laba has lost its memory, and has every ticket told again.
import type { Sale } from "../book/sale.ts"
import { saleChannel } from "../model/record.ts"
import type { LabaPublisher } from "./laba/laba-publisher.ts"
import { marker } from "./laba/laba-here.ts"
import { saleSnapshot } from "./record-of.ts"
import type { ResultSender } from "./result-sender.ts"

/** A marker is good for a day at the Laba beside us. */
const markMs = 600_000

export class Broadcasts {
  private readonly loudspeaker: LabaPublisher
  private readonly tellings: Pick<ResultSender, "tellAll">
  private readonly log: (line: string) => void
  private readonly last = new Map<Sale, string>()
  /** When each marker was set last. */
  private readonly marked = new Map<Sale, number>()
  private readonly now: () => number
  private checking = false

  /** `now` is in milliseconds; only differences count. */
  constructor(options: {
    loudspeaker: LabaPublisher
    tellings: Pick<ResultSender, "tellAll">
    log: (line: string) => void
    now?: () => number
  }) {
    this.now = options.now ?? (() => performance.now())
    this.loudspeaker = options.loudspeaker
    this.tellings = options.tellings
    this.log = options.log
  }

  /** Tells how a sale stands, unless nothing has changed. */
  tell(sale: Sale): void {
    const snapshot = saleSnapshot(sale)
    const { at: _, ...rest } = snapshot
    const facts = JSON.stringify(rest)
    if (this.last.get(sale) === facts) return
    this.last.set(sale, facts)
    this.loudspeaker
      .publish(saleChannel(sale.id), JSON.stringify(snapshot))
      .catch(() => this.last.delete(sale))
  }

  /** A sale that is not here any more. */
  forget(sale: Sale): void {
    this.last.delete(sale)
    this.marked.delete(sale)
  }

  /**
   * A marker that is gone means that all is gone: everybody is told again, and then the marker is set. It is set again long before its
   * history ends, and so is how the sale stands: neither must go because nothing has happened for long.
   */
  async watch(sales: readonly Sale[]): Promise<void> {
    if (this.checking) return
    this.checking = true
    try {
      for (const sale of sales) {
        const channel = marker + sale.id
        const isThere = await this.loudspeaker.holds(channel)
        if (isThere && this.now() - (this.marked.get(sale) ?? -Infinity) < markMs) continue
        this.last.delete(sale)
        if (!isThere) this.tellings.tellAll(sale)
        this.tell(sale)
        await this.loudspeaker.publish(channel, JSON.stringify({ sale: sale.id }))
        this.marked.set(sale, this.now())
      }
    } catch (error) {
      this.log(`flash sale: Laba does not answer: ${String(error)}`)
    } finally {
      this.checking = false
    }
  }
}
