// What the books promise, over any database: the same suite runs over SQLite and over PostgreSQL.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { changeBill, lapseBills, remindOfBills } from "../books/change-bill.ts"
import {
  addConnection,
  findConnection,
  listConnections,
  nameShop,
  rawConnections,
  removeConnection,
} from "../books/connections.ts"
import type { Database } from "../books/database.ts"
import { openDatabase } from "../books/open-database.ts"
import { type NotPlaced, placeBill, type PlacedBill } from "../books/place-bill.ts"
import { billsOfCustomer, billsOfShop, noteBillTold, untoldBills } from "../books/read-bills.ts"
import {
  addShops,
  closeLonelyShops,
  findShop,
  listShops,
  noteShopTold,
  passwordOfShop,
  setShopOpen,
  untoldShops,
} from "../books/shops.ts"
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

/** Runs the suite; `url` names a new, empty database at each call. */
export function booksContract(url: () => string): void {
  let books: Database
  let now = 1_800_000_000_000

  beforeAll(() => {
    now = 1_800_000_000_000
  })
  beforeEach(async () => {
    await books?.close()
    books = await openDatabase(url())
    await addShops(books, demoShops, async ({ id }) => `hash of ${id}`)
    await setShopOpen(books, "shop1", true)
  })
  afterAll(() => books?.close())

  const place = (given: Partial<Order> = {}, more: { customer?: string; key?: string | null } = {}) =>
    placeBill(books, { order: { ...order, ...given }, customer: "ann", key: null, now, ...more })

  async function placed(
    given: Partial<Order> = {},
    more: Parameters<typeof place>[1] = {},
  ): Promise<BillRecord> {
    const answer = await place(given, more)
    if (typeof answer === "string") throw new Error(answer)
    return answer.bill
  }

  const act = (bill: BillRecord, what: Act, by = "front", reason: string | null = null) =>
    changeBill(books, { bill: bill.bill, act: what, of: { shop: "shop1" }, by, reason, now })

  describe("placing a bill", () => {
    test("writes down what was ordered, at the menu's prices", async () => {
      const bill = await placed({ note: "no salt" })
      expect(bill).toMatchObject({
        number: 1,
        shop: "shop1",
        version: 1,
        state: "placed",
        total: 700,
        note: "no salt",
        name: "Ann",
        placedAt: now,
      })
      expect(bill.dishes).toEqual([
        { dish: "egg", zh: "煎蛋", en: "Fried egg", price: 300, count: 2 },
        { dish: "rice", zh: "米饭", en: "Rice", price: 100, count: 1 },
      ])
      expect(await billsOfShop(books, "shop1")).toEqual([bill])
      expect(await billsOfCustomer(books, "ann")).toEqual([bill])
      expect(await billsOfCustomer(books, "bob")).toEqual([])
    })

    test("counts numbers for each shop by itself", async () => {
      await setShopOpen(books, "shop2", true)
      const numbers = [
        (await placed()).number,
        (await placed({ shop: "shop2", lines: [{ dish: "mapo", count: 1 }] })).number,
        (await placed({ note: "another" })).number,
      ]
      expect(numbers).toEqual([1, 1, 2])
    })

    test.each<[NotPlaced, Partial<Order>]>([
      ["closed", { shop: "shop2", lines: [{ dish: "mapo", count: 1 }] }],
      ["no_such_shop", { shop: "nowhere" }],
      ["no_such_dish", { lines: [{ dish: "mapo", count: 1 }] }],
    ])("is refused as %s, and nothing stays of it", async (why, given) => {
      expect(await place(given, { customer: "stranger" })).toBe(why)
      expect(await untoldBills(books, 10)).toEqual([])
      const [left] = await books.transaction((sql) => sql`SELECT id FROM customer WHERE id = 'stranger'`)
      expect(left).toBeUndefined()
    })

    test("again under the same key is the same bill, however often and however much at once", async () => {
      const answers = (await Promise.all(
        Array.from({ length: 8 }, () => place({}, { key: "tap" })),
      )) as PlacedBill[]
      expect(new Set(answers.map(({ bill }) => bill.bill)).size).toBe(1)
      expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1)
      expect(await billsOfShop(books, "shop1")).toHaveLength(1)
    })

    test("again under the same key answers how the bill stands now, also when the shop has closed", async () => {
      const bill = await placed({}, { key: "tap" })
      await act(bill, "accept")
      await setShopOpen(books, "shop1", false)
      expect(await place({}, { key: "tap" })).toMatchObject({ repeated: true, bill: { state: "accepted" } })
    })

    test("with other content under the same key is a conflict", async () => {
      await placed({}, { key: "tap" })
      expect(await place({ note: "different" }, { key: "tap" })).toBe("key_conflict")
    })

    test("under the same key by somebody else is theirs", async () => {
      const mine = await placed({}, { key: "tap" })
      const theirs = await placed({}, { key: "tap", customer: "bob" })
      expect(theirs.bill).not.toBe(mine.bill)
    })

    test("without a key takes a double tap for one, and the same order later for another", async () => {
      const taps = (await Promise.all([place(), place(), place()])) as PlacedBill[]
      expect(new Set(taps.map(({ bill }) => bill.bill)).size).toBe(1)
      now += 60_000
      expect((await placed()).bill).not.toBe(taps[0]?.bill.bill)
    })

    test("ends at ten live bills of one customer, and goes on when one has ended", async () => {
      for (let at = 0; at < 10; at++) await placed({ note: `${at}` })
      expect(await place({ note: "more" })).toBe("too_many_bills")
      const [first] = await billsOfShop(books, "shop1")
      await act(first as BillRecord, "refuse")
      expect((await placed({ note: "more" })).number).toBe(11)
    })

    test("ends at two hundred live bills of one shop, and takes nothing of one more", async () => {
      for (let at = 0; at < 200; at++)
        await placed({}, { customer: `customer ${Math.floor(at / 10)}`, key: `${at}` })
      expect(await place({}, { customer: "one more" })).toBe("too_busy")
      const [first] = await billsOfShop(books, "shop1")
      await act(first as BillRecord, "refuse")
      expect((await placed({}, { customer: "one more" })).number).toBe(201)
    })

    test("keeps quotes and statements as the text they are", async () => {
      const name = `'); DROP TABLE bill; -- " \\ $1 ?`
      const bill = await placed({ name, note: "it's" })
      expect(bill).toMatchObject({ name, note: "it's" })
      expect(await billsOfShop(books, "shop1")).toEqual([bill])
    })
  })

  describe("changing a bill", () => {
    test("goes from placed to handed over, a version each", async () => {
      const bill = await placed()
      const seen: unknown[] = []
      for (const step of ["see", "accept", "cook", "hand"] as const) {
        const changed = await act(bill, step)
        if (changed.outcome === "done") seen.push([changed.bill.state, changed.bill.version, changed.bill.by])
      }
      expect(seen).toEqual([
        ["seen", 2, "front"],
        ["accepted", 3, "front"],
        ["cooking", 4, "front"],
        ["handed", 5, "front"],
      ])
    })

    test("by two kitchens at once is done once; the other is told who did it", async () => {
      const bill = await placed()
      const outcomes = await Promise.all([act(bill, "accept", "front"), act(bill, "accept", "back")])
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["already", "done"])
      const [front, back] = outcomes
      expect(front).toHaveProperty("bill.version", 2)
      expect(back).toHaveProperty("bill.version", 2)
    })

    test("by the customer and the kitchen at once has one winner", async () => {
      for (let round = 0; round < 5; round++) {
        const bill = await placed({ note: `${round}` })
        const cancel = changeBill(books, {
          bill: bill.bill,
          act: "cancel",
          of: { customer: "ann" },
          by: null,
          reason: null,
          now,
        })
        const outcomes = [(await Promise.all([act(bill, "accept"), cancel])).map(({ outcome }) => outcome)]
        expect(outcomes[0]?.sort()).toEqual(["done", "not_now"])
      }
    })

    test("of another shop or another customer does not find it", async () => {
      const bill = await placed()
      const change = { bill: bill.bill, by: null, reason: null, now }
      expect((await changeBill(books, { ...change, act: "accept", of: { shop: "shop2" } })).outcome).toBe(
        "no_such_bill",
      )
      expect((await changeBill(books, { ...change, act: "cancel", of: { customer: "bob" } })).outcome).toBe(
        "no_such_bill",
      )
    })

    test("keeps the reason of a refusal", async () => {
      const bill = await placed()
      expect(await act(bill, "refuse", "front", "sold_out")).toMatchObject({
        outcome: "done",
        bill: { state: "refused", reason: "sold_out" },
      })
      expect((await act(bill, "accept")).outcome).toBe("not_now")
    })
  })

  describe("waiting for somebody to look", () => {
    test("reminds once of each bill that nobody has looked at", async () => {
      const waiting = await placed()
      await act(await placed({ note: "looked at" }), "see")
      expect(await remindOfBills(books, { since: now - 1, now })).toBe(0)
      expect(await remindOfBills(books, { since: now, now })).toBe(1)
      expect(await remindOfBills(books, { since: now, now })).toBe(0)
      const [first] = await billsOfShop(books, "shop1")
      expect(first).toMatchObject({ bill: waiting.bill, reminders: 1, version: 2, state: "placed" })
    })

    test("ends what nobody ever looked at", async () => {
      await placed()
      await act(await placed({ note: "looked at" }), "see")
      expect(await lapseBills(books, { since: now, now })).toBe(1)
      const states = (await billsOfShop(books, "shop1")).map(({ state, reason }) => [state, reason])
      expect(states).toEqual([
        ["refused", "no_answer"],
        ["seen", null],
      ])
    })
  })

  describe("telling", () => {
    test("every version has to be told, the newest only", async () => {
      const bill = await placed()
      expect((await untoldBills(books, 10)).map(({ customer }) => customer)).toEqual(["ann"])
      await act(bill, "accept")
      // What was told meanwhile is older than what there is now.
      await noteBillTold(books, bill)
      const [untold] = await untoldBills(books, 10)
      expect(untold?.record).toMatchObject({ version: 2, state: "accepted" })
      await noteBillTold(books, untold?.record as BillRecord)
      expect(await untoldBills(books, 10)).toEqual([])
    })

    test("a shop that opens or closes has to be told too", async () => {
      for (const shop of await untoldShops(books)) await noteShopTold(books, shop)
      expect(await untoldShops(books)).toEqual([])
      await setShopOpen(books, "shop1", false)
      expect((await untoldShops(books)).map(({ shop, isOpen }) => [shop, isOpen])).toEqual([["shop1", false]])
    })
  })

  describe("shops", () => {
    const open = async () => (await listShops(books)).filter(({ isOpen }) => isOpen).map(({ shop }) => shop)

    test("are there once, however often they are added, with their menus in order", async () => {
      expect(await addShops(books, demoShops, async () => "another password")).toEqual([])
      const shops = await listShops(books)
      expect(shops.map(({ shop }) => shop)).toEqual(demoShops.map(({ id }) => id))
      expect(shops[0]?.dishes.slice(0, 2)).toEqual([
        { id: "egg", zh: "煎蛋", en: "Fried egg", price: 300 },
        { id: "rice", zh: "米饭", en: "Rice", price: 100 },
      ])
      expect(await passwordOfShop(books, "shop1")).toBe("hash of shop1")
      expect(await passwordOfShop(books, "nowhere")).toBeNull()
    })

    test("open and close each for itself, and say whether that was news", async () => {
      expect(await setShopOpen(books, "shop2", true)).toBe(true)
      expect(await setShopOpen(books, "shop2", true)).toBe(false)
      expect(await open()).toEqual(["shop1", "shop2"])
      expect(await setShopOpen(books, "shop1", false)).toBe(true)
      expect(await open()).toEqual(["shop2"])
      expect(await findShop(books, "shop2")).toMatchObject({ isOpen: true, version: 2 })
    })

    test("close when no kitchen has been connected for the grace, and not before", async () => {
      const sweep = (at: number) => closeLonelyShops(books, { now: at, graceMs: 1000 })
      await addConnection(books, { id: "a", login: "shop1", shop: "shop1", dialect: "laba", now })
      await addConnection(books, { id: "b", login: "shop1", shop: "shop1", dialect: "tencent", now })
      expect(await sweep(now + 10_000)).toEqual([])
      await removeConnection(books, "a")
      expect(await sweep(now + 20_000)).toEqual([])
      await removeConnection(books, "b")
      expect(await sweep(now + 30_000)).toEqual([])
      expect(await sweep(now + 30_999)).toEqual([])
      expect(await sweep(now + 31_000)).toEqual(["shop1"])
      expect(await open()).toEqual([])
      expect(await sweep(now + 90_000)).toEqual([])
    })

    test("stay open when a kitchen comes back within the grace, and the next grace is a whole one", async () => {
      const sweep = (at: number) => closeLonelyShops(books, { now: at, graceMs: 1000 })
      expect(await sweep(now)).toEqual([])
      await addConnection(books, { id: "a", login: "shop1", shop: "shop1", dialect: "laba", now })
      expect(await sweep(now + 5000)).toEqual([])
      await removeConnection(books, "a")
      expect(await sweep(now + 6000)).toEqual([])
      expect(await sweep(now + 6999)).toEqual([])
      expect(await sweep(now + 7000)).toEqual(["shop1"])
    })
  })

  describe("connections", () => {
    test("are told twice without harm, work later for the shop that they logged in to and for no other, and gone when they are gone", async () => {
      for (let time = 0; time < 2; time++)
        await addConnection(books, { id: "a", login: "shop1", shop: null, dialect: "tencent", now })
      expect(await nameShop(books, "a", "shop2")).toBe(false)
      expect(await nameShop(books, "a", "shop1")).toBe(true)
      // Told again, it keeps the shop that it has named.
      await addConnection(books, { id: "a", login: "shop1", shop: null, dialect: "tencent", now })
      expect(await findConnection(books, "a")).toEqual({
        id: "a",
        login: "shop1",
        shop: "shop1",
        dialect: "tencent",
      })
      await addConnection(books, { id: "b", login: "shop1", shop: "shop1", dialect: "laba", now: now + 1 })
      expect((await listConnections(books)).map(({ id }) => id)).toEqual(["a", "b"])
      expect(await rawConnections(books, "shop1")).toEqual(["a"])
      expect(await removeConnection(books, "a")).toBe(true)
      expect(await removeConnection(books, "a")).toBe(false)
      expect(await findConnection(books, "a")).toBeNull()
      expect(await nameShop(books, "a", "shop1")).toBe(false)
    })
  })

  test("a transaction that fails leaves nothing, and the next one is not in it", async () => {
    const failing = books.transaction(async (sql) => {
      await sql`UPDATE shop SET is_open = 0`
      throw new Error("on purpose")
    })
    const next = findShop(books, "shop1")
    expect(await failing.catch(String)).toBe("Error: on purpose")
    expect(await next).toMatchObject({ isOpen: true })
  })
}
