// Writes an order down. What it answers is on the disk; nobody has been told yet. The same order posted again is the
// same bill.
import { createHash } from "node:crypto"
import type { BillRecord } from "../model/bill.ts"
import type { Order } from "../model/order.ts"
import { billOf, type BillRow } from "./bill-rows.ts"
import type { Database, Sql } from "./database.ts"

/** A post without a key is taken for a second tap on the same button when it comes so soon after the same order. */
const doubleTapMs = 10_000

/** Bills of one customer that are not at their end: more is no appetite. */
const liveBillsMax = 10

/** Bills of one shop that are not at their end: more than a kitchen can have on its rail, and than a flood of false ones may fill. */
const liveBillsOfShopMax = 200

/** Numbers are called out, so they stay short. */
const numberMax = 999

export interface PlacedBill {
  readonly bill: BillRecord
  /** It was there before. */
  readonly repeated: boolean
}

export type NotPlaced =
  "no_such_shop" | "no_such_dish" | "closed" | "too_busy" | "key_conflict" | "too_many_bills"

export interface Placing {
  readonly order: Order
  readonly customer: string
  /** The page's Idempotency-Key, kept for as long as the bill is. */
  readonly key: string | null
  readonly now: number
}

export async function placeBill(database: Database, placing: Placing): Promise<PlacedBill | NotPlaced> {
  try {
    return await database.transaction((sql) => place(sql, placing))
  } catch (error) {
    if (error instanceof Refused) return error.why
    throw error
  }
}

/** Thrown, not returned: so that nothing stays of an order that was refused, not even the customer. */
class Refused extends Error {
  override readonly name = "Refused"
  readonly why: NotPlaced

  constructor(why: NotPlaced) {
    super(why)
    this.why = why
  }
}

async function place(sql: Sql, { order, customer, key, now }: Placing): Promise<PlacedBill> {
  const { shop, name, address, telephone, note } = order
  // This holds the customer's row to the end: the second of two taps waits here, and then finds the first one's bill.
  await sql`
    INSERT INTO customer (id, name, address, telephone, seen_at)
    VALUES (${customer}, ${name}, ${address}, ${telephone}, ${now})
    ON CONFLICT (id) DO UPDATE SET
      name = ${name}, address = ${address}, telephone = ${telephone}, seen_at = ${now}`
  const content = contentOf(order)
  const before = await earlier(sql, { customer, key, content, now })
  if (before) {
    if (before.content !== content) throw new Refused("key_conflict")
    return { bill: await billOf(sql, before), repeated: true }
  }
  await checkAppetite(sql, customer)
  const dishes = await dishesOf(sql, order)
  const number = await nextNumber(sql, shop)
  await checkRail(sql, shop)
  const total = dishes.reduce((sum, { price, count }) => sum + price * count, 0)
  const [row] = await sql<BillRow>`
    INSERT INTO bill (shop, number, customer, name, address, telephone, note, total, order_key, content, state,
      placed_at, changed_at)
    VALUES (${shop}, ${number}, ${customer}, ${name}, ${address}, ${telephone}, ${note}, ${total}, ${key}, ${content},
      'placed', ${now}, ${now})
    RETURNING *`
  if (!row) throw new Error("The bill was not written.")
  for (const [line, { id, zh, en, price, count }] of dishes.entries()) {
    await sql`
      INSERT INTO bill_dish (bill, line, dish, zh, en, price, count)
      VALUES (${row.id}, ${line}, ${id}, ${zh}, ${en}, ${price}, ${count})`
  }
  return { bill: await billOf(sql, row), repeated: false }
}

interface Repeat {
  readonly customer: string
  readonly key: string | null
  readonly content: string
  readonly now: number
}

async function earlier(sql: Sql, { customer, key, content, now }: Repeat): Promise<BillRow | undefined> {
  const [row] =
    key === null
      ? await sql<BillRow>`
          SELECT * FROM bill WHERE customer = ${customer} AND content = ${content} AND placed_at > ${now - doubleTapMs}
          ORDER BY id DESC LIMIT 1`
      : await sql<BillRow>`SELECT * FROM bill WHERE customer = ${customer} AND order_key = ${key}`
  return row
}

async function checkAppetite(sql: Sql, customer: string): Promise<void> {
  const [count] = await sql<{ live: number | string }>`
    SELECT count(*) AS live FROM bill
    WHERE customer = ${customer} AND state IN ('placed', 'seen', 'accepted', 'cooking')`
  if (Number(count?.live) >= liveBillsMax) throw new Refused("too_many_bills")
}

async function checkRail(sql: Sql, shop: string): Promise<void> {
  const [count] = await sql<{ live: number | string }>`
    SELECT count(*) AS live FROM bill
    WHERE shop = ${shop} AND state IN ('placed', 'seen', 'accepted', 'cooking')`
  if (Number(count?.live) >= liveBillsOfShopMax) throw new Refused("too_busy")
}

interface OrderedDish {
  readonly id: string
  readonly zh: string
  readonly en: string
  readonly price: number
  readonly count: number
}

/** With the prices of now: what the page says about prices is not believed. */
async function dishesOf(sql: Sql, { shop, lines }: Order): Promise<OrderedDish[]> {
  const menu = await sql<Omit<OrderedDish, "count">>`SELECT id, zh, en, price FROM dish WHERE shop = ${shop}`
  if (menu.length === 0) throw new Refused("no_such_shop")
  return lines.map(({ dish, count }) => {
    const found = menu.find(({ id }) => id === dish)
    if (!found) throw new Refused("no_such_dish")
    return { ...found, count }
  })
}

/** One statement asks whether the shop is open and takes the number, so that no bill slips in behind a closing door. */
async function nextNumber(sql: Sql, shop: string): Promise<number> {
  const [taken] = await sql<{ last_number: number }>`
    UPDATE shop SET last_number = last_number % ${numberMax} + 1 WHERE id = ${shop} AND is_open = 1
    RETURNING last_number`
  if (!taken) throw new Refused("closed")
  return taken.last_number
}

const contentOf = ({ shop, name, address, telephone, note, lines }: Order): string =>
  createHash("sha256")
    .update(
      JSON.stringify([shop, name, address, telephone, note, lines.map(({ dish, count }) => [dish, count])]),
    )
    .digest("base64url")
