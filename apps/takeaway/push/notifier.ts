// Tells what the database says has not been told. There is no queue: what is newer in the database than what was told is the
// queue, so it survives whatever happens to this process. What is sent is always the whole newest record.
import type { StoredBill } from "../database/bill-rows.ts"
import { rawConnections } from "../database/connections.ts"
import type { Database } from "../database/database.ts"
import { markBillPublished, unpublishedBills } from "../database/read-bills.ts"
import { markShopPublished, unpublishedShops } from "../database/shops.ts"
import { pushedLine } from "../functions/tencent.ts"
import { customerChannel, kitchenChannel, shopsChannel } from "../model/channels.ts"
import type { ShopRecord } from "../model/shop.ts"
import type { LabaPush } from "./laba-push.ts"

interface NotifierOptions {
  readonly database: Database
  readonly labaPush: LabaPush
  readonly log: (line: string) => void
  /** The first wait after a failure; it doubles up to eight times that. Default 250. */
  readonly retryMs?: number
}

/** Bills told at once. */
const batchMax = 32

export class Notifier {
  private readonly options: NotifierOptions
  private running: Promise<void> | null = null
  private again = false
  private stopped = false
  private failures = 0
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(options: NotifierOptions) {
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
        await this.publishAll()
        this.failures = 0
      } catch (error) {
        this.retryLater(error)
      }
    }
  }

  /** One turn at a time, so that an older version of a bill never comes after a newer one. */
  private async publishAll(): Promise<void> {
    const { database } = this.options
    for (const shop of await unpublishedShops(database)) await this.publishShop(shop)
    for (;;) {
      const bills = await unpublishedBills(database, batchMax)
      const results = await Promise.allSettled(bills.map((bill) => this.publishBill(bill)))
      const failed = results.find((result) => result.status === "rejected")
      if (failed) throw failed.reason
      if (bills.length < batchMax) return
    }
  }

  private async publishShop(shop: ShopRecord): Promise<void> {
    const { database, labaPush } = this.options
    const key = `${database.id}.${shop.shop}.${shop.version}`
    await labaPush.publish([{ channel: shopsChannel, data: shop, key }])
    await markShopPublished(database, shop)
  }

  private async publishBill({ record, customer }: StoredBill): Promise<void> {
    const { database, labaPush } = this.options
    const key = `${database.id}.${record.bill}.${record.version}`
    await labaPush.publish([
      { channel: kitchenChannel(record.shop), data: record, key },
      { channel: customerChannel(customer), data: record, key },
    ])
    if (record.state === "placed") {
      const line = pushedLine(record)
      // Who is gone gets it when it comes back and names its shop.
      for (const connection of await rawConnections(database, record.shop))
        await labaPush.send(connection, line)
    }
    await markBillPublished(database, record)
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
