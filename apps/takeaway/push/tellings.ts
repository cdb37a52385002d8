// Tells what the books say has not been told. There is no queue: what is newer in the books than what was told is the
// queue, so it survives whatever happens to this process. What is sent is always the whole newest record.
import type { StoredBill } from "../books/bill-rows.ts"
import { rawConnections } from "../books/connections.ts"
import type { Database } from "../books/database.ts"
import { noteBillTold, untoldBills } from "../books/read-bills.ts"
import { noteShopTold, untoldShops } from "../books/shops.ts"
import { pushedLine } from "../functions/tencent.ts"
import type { ShopRecord } from "../model/shop.ts"
import { customerChannel, kitchenChannel, type Loudspeaker, shopsChannel } from "./loudspeaker.ts"

interface TellingsOptions {
  readonly books: Database
  readonly loudspeaker: Loudspeaker
  readonly log: (line: string) => void
  /** The first wait after a failure; it doubles up to eight times that. Default 250. */
  readonly retryMs?: number
}

/** Bills told at once. */
const batchMax = 32

export class Tellings {
  private readonly options: TellingsOptions
  private running: Promise<void> | null = null
  private again = false
  private stopped = false
  private failures = 0
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(options: TellingsOptions) {
    this.options = options
  }

  /** There may be something to tell. */
  wake(): void {
    this.again = true
    if (this.stopped || this.running || this.timer) return
    this.running = this.run().finally(() => {
      this.running = null
    })
  }

  async stop(): Promise<void> {
    this.stopped = true
    if (this.timer) clearTimeout(this.timer)
    await this.running
  }

  private async run(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false
      try {
        await this.tellAll()
        this.failures = 0
      } catch (error) {
        this.retryLater(error)
      }
    }
  }

  /** One turn at a time, so that an older version of a bill never comes after a newer one. */
  private async tellAll(): Promise<void> {
    const { books } = this.options
    for (const shop of await untoldShops(books)) await this.tellShop(shop)
    for (;;) {
      const bills = await untoldBills(books, batchMax)
      const results = await Promise.allSettled(bills.map((bill) => this.tellBill(bill)))
      const failed = results.find((result) => result.status === "rejected")
      if (failed) throw failed.reason
      if (bills.length < batchMax) return
    }
  }

  private async tellShop(shop: ShopRecord): Promise<void> {
    const { books, loudspeaker } = this.options
    const key = `${books.id}.${shop.shop}.${shop.version}`
    await loudspeaker.publish([{ channel: shopsChannel, data: shop, key }])
    await noteShopTold(books, shop)
  }

  private async tellBill({ record, customer }: StoredBill): Promise<void> {
    const { books, loudspeaker } = this.options
    const key = `${books.id}.${record.bill}.${record.version}`
    await loudspeaker.publish([
      { channel: kitchenChannel(record.shop), data: record, key },
      { channel: customerChannel(customer), data: record, key },
    ])
    if (record.state === "placed") {
      const line = pushedLine(record)
      // Who is gone gets it when it comes back and names its shop.
      for (const connection of await rawConnections(books, record.shop))
        await loudspeaker.send(connection, line)
    }
    await noteBillTold(books, record)
  }

  private retryLater(error: unknown): void {
    const { log, retryMs = 250 } = this.options
    if (this.failures === 0) log(`takeaway: not told, will try again: ${String(error)}`)
    const ms = Math.min(retryMs * 2 ** this.failures, retryMs * 8)
    this.failures++
    this.again = false
    this.timer = setTimeout(() => {
      this.timer = null
      this.wake()
    }, ms)
  }
}
