// A database that is new for each test, with the demo shops in them and the first of them open.
import { afterAll, beforeEach } from "bun:test"
import { type Change, type Changed, changeBill } from "../database/change-bill.ts"
import type { Database } from "../database/database.ts"
import { openDatabase } from "../database/open-database.ts"
import { type NotPlaced, placeBill, type PlacedBill, type Placing } from "../database/place-bill.ts"
import { addShops, setShopOpen } from "../database/shops.ts"
import type { Act, BillRecord } from "../model/bill.ts"
import { demoShops } from "../model/menu.ts"
import type { Order } from "../model/order.ts"

const order: Order = {
  shop: "shop1",
  name: "Ann",
  address: "1 Long Street",
  telephone: "13800000000",
  note: "",
  lines: [
    { dish: "egg", count: 2 },
    { dish: "rice", count: 1 },
  ],
}

export class FreshDatabase {
  /** Time stands still until a test moves it. */
  now = 1_800_000_000_000
  private opened: Database | null = null

  get database(): Database {
    if (!this.opened) throw new Error("The database is not open yet.")
    return this.opened
  }

  async open(url: string): Promise<void> {
    await this.close()
    this.opened = await openDatabase(url)
    await addShops(this.opened, demoShops, async ({ id }) => `hash of ${id}`)
    await setShopOpen(this.opened, "shop1", true)
  }

  async close(): Promise<void> {
    await this.opened?.close()
    this.opened = null
  }

  place(
    given: Partial<Order> = {},
    more: Partial<Pick<Placing, "customer" | "key">> = {},
  ): Promise<PlacedBill | NotPlaced> {
    const placing = { order: { ...order, ...given }, customer: "ann", key: null, now: this.now, ...more }
    return placeBill(this.database, placing)
  }

  /** Orders, and must get a bill. */
  async placed(...given: Parameters<FreshDatabase["place"]>): Promise<BillRecord> {
    const answer = await this.place(...given)
    if (typeof answer === "string") throw new Error(answer)
    return answer.bill
  }

  /** What the kitchen of the first shop does to a bill. */
  act(
    { bill }: BillRecord,
    act: Act,
    { by = "front", reason = null }: Partial<Pick<Change, "by" | "reason">> = {},
  ): Promise<Changed> {
    return changeBill(this.database, { bill, act, of: { shop: "shop1" }, by, reason, now: this.now })
  }
}

/** Opens the database before each test of a file; `url` names a new, empty database at each call. */
export function freshDatabase(url: () => string): FreshDatabase {
  const fresh = new FreshDatabase()
  beforeEach(() => fresh.open(url()))
  afterAll(() => fresh.close())
  return fresh
}
