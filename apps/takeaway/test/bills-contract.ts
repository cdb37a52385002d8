// What the database promise about bills, over any database: the same suite runs over SQLite and over PostgreSQL.
import { describe, expect, test } from "bun:test"
import { changeBill, forgetBills, lapseBills, remindOfBills } from "../database/change-bill.ts"
import type { NotPlaced, PlacedBill } from "../database/place-bill.ts"
import { billsOfCustomer, billsOfShop, unpublishedBills } from "../database/read-bills.ts"
import { setShopOpen } from "../database/shops.ts"
import type { BillRecord } from "../model/bill.ts"
import type { Order } from "../model/order.ts"
import type { FreshDatabase } from "./fresh-database.ts"

export function billsContract(fresh: FreshDatabase): void {
  describe("placing a bill", () => {
    test("writes down what was ordered, at the menu's prices", async () => {
      const bill = await fresh.placed({ note: "no salt" })
      expect(bill).toMatchObject({
        number: 1,
        shop: "shop1",
        version: 1,
        state: "placed",
        total: 700,
        note: "no salt",
        name: "Ann",
        placedAt: fresh.now,
      })
      expect(bill.dishes).toEqual([
        { dish: "egg", zh: "煎蛋", en: "Fried egg", price: 300, count: 2 },
        { dish: "rice", zh: "米饭", en: "Rice", price: 100, count: 1 },
      ])
      expect(await billsOfShop(fresh.database, "shop1")).toEqual([bill])
      expect(await billsOfCustomer(fresh.database, "ann")).toEqual([bill])
      expect(await billsOfCustomer(fresh.database, "bob")).toEqual([])
    })

    test("counts numbers for each shop by itself", async () => {
      await setShopOpen(fresh.database, "shop2", true)
      const numbers = [
        (await fresh.placed()).number,
        (await fresh.placed({ shop: "shop2", lines: [{ dish: "mapo", count: 1 }] })).number,
        (await fresh.placed({ note: "another" })).number,
      ]
      expect(numbers).toEqual([1, 1, 2])
    })

    test.each<[NotPlaced, Partial<Order>]>([
      ["closed", { shop: "shop2", lines: [{ dish: "mapo", count: 1 }] }],
      ["no_such_shop", { shop: "nowhere" }],
      ["no_such_dish", { lines: [{ dish: "mapo", count: 1 }] }],
    ])("is refused as %s, and nothing stays of it", async (why, given) => {
      expect(await fresh.place(given, { customer: "stranger" })).toBe(why)
      expect(await unpublishedBills(fresh.database, 10)).toEqual([])
      const [left] = await fresh.database.transaction(
        (sql) => sql`SELECT id FROM customer WHERE id = 'stranger'`,
      )
      expect(left).toBeUndefined()
    })

    test("again under the same key is the same bill, however often and however much at once", async () => {
      const answers = (await Promise.all(
        Array.from({ length: 8 }, () => fresh.place({}, { key: "tap" })),
      )) as PlacedBill[]
      expect(new Set(answers.map(({ bill }) => bill.bill)).size).toBe(1)
      expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1)
      expect(await billsOfShop(fresh.database, "shop1")).toHaveLength(1)
    })

    test("again under the same key answers how the bill stands now, also when the shop has closed", async () => {
      const bill = await fresh.placed({}, { key: "tap" })
      await fresh.act(bill, "accept")
      await setShopOpen(fresh.database, "shop1", false)
      expect(await fresh.place({}, { key: "tap" })).toMatchObject({
        repeated: true,
        bill: { state: "accepted" },
      })
    })

    test("with other content under the same key is a conflict", async () => {
      await fresh.placed({}, { key: "tap" })
      expect(await fresh.place({ note: "different" }, { key: "tap" })).toBe("key_conflict")
    })

    test("under the same key by somebody else is theirs", async () => {
      const mine = await fresh.placed({}, { key: "tap" })
      const theirs = await fresh.placed({}, { key: "tap", customer: "bob" })
      expect(theirs.bill).not.toBe(mine.bill)
    })

    test("without a key takes a double tap for one, and the same order later for another", async () => {
      const taps = (await Promise.all([fresh.place(), fresh.place(), fresh.place()])) as PlacedBill[]
      expect(new Set(taps.map(({ bill }) => bill.bill)).size).toBe(1)
      fresh.now += 60_000
      expect((await fresh.placed()).bill).not.toBe(taps[0]?.bill.bill)
    })

    test("ends at ten live bills of one customer, and goes on when one has ended", async () => {
      for (let at = 0; at < 10; at++) await fresh.placed({ note: `${at}` })
      expect(await fresh.place({ note: "more" })).toBe("too_many_bills")
      const [first] = await billsOfShop(fresh.database, "shop1")
      await fresh.act(first as BillRecord, "refuse")
      expect((await fresh.placed({ note: "more" })).number).toBe(11)
    })

    test("ends at two hundred live bills of one shop, and takes nothing of one more", async () => {
      for (let at = 0; at < 200; at++)
        await fresh.placed({}, { customer: `customer ${Math.floor(at / 10)}`, key: `${at}` })
      expect(await fresh.place({}, { customer: "one more" })).toBe("too_busy")
      const [first] = await billsOfShop(fresh.database, "shop1")
      await fresh.act(first as BillRecord, "refuse")
      expect((await fresh.placed({}, { customer: "one more" })).number).toBe(201)
    })

    test("keeps quotes and statements as the text they are", async () => {
      const name = `'); DROP TABLE bill; -- " \\ $1 ?`
      const bill = await fresh.placed({ name, note: "it's" })
      expect(bill).toMatchObject({ name, note: "it's" })
      expect(await billsOfShop(fresh.database, "shop1")).toEqual([bill])
    })
  })

  describe("changing a bill", () => {
    test("goes from placed to handed over, a version each", async () => {
      const bill = await fresh.placed()
      const seen: unknown[] = []
      for (const step of ["see", "accept", "cook", "hand"] as const) {
        const changed = await fresh.act(bill, step)
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
      const bill = await fresh.placed()
      const outcomes = await Promise.all([
        fresh.act(bill, "accept", { by: "front" }),
        fresh.act(bill, "accept", { by: "back" }),
      ])
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["already", "done"])
      const [front, back] = outcomes
      expect(front).toHaveProperty("bill.version", 2)
      expect(back).toHaveProperty("bill.version", 2)
    })

    test("by the customer and the kitchen at once has one winner", async () => {
      for (let round = 0; round < 5; round++) {
        const bill = await fresh.placed({ note: `${round}` })
        const cancel = changeBill(fresh.database, {
          bill: bill.bill,
          act: "cancel",
          of: { customer: "ann" },
          by: null,
          reason: null,
          now: fresh.now,
        })
        const outcomes = [
          (await Promise.all([fresh.act(bill, "accept"), cancel])).map(({ outcome }) => outcome),
        ]
        expect(outcomes[0]?.sort()).toEqual(["done", "not_now"])
      }
    })

    test("of another shop or another customer does not find it", async () => {
      const bill = await fresh.placed()
      const change = { bill: bill.bill, by: null, reason: null, now: fresh.now }
      expect(
        (await changeBill(fresh.database, { ...change, act: "accept", of: { shop: "shop2" } })).outcome,
      ).toBe("no_such_bill")
      expect(
        (await changeBill(fresh.database, { ...change, act: "cancel", of: { customer: "bob" } })).outcome,
      ).toBe("no_such_bill")
    })

    test("keeps the reason of a refusal", async () => {
      const bill = await fresh.placed()
      expect(await fresh.act(bill, "refuse", { reason: "sold_out" })).toMatchObject({
        outcome: "done",
        bill: { state: "refused", reason: "sold_out" },
      })
      expect((await fresh.act(bill, "accept")).outcome).toBe("not_now")
    })
  })

  describe("waiting for somebody to look", () => {
    test("reminds once of each bill that nobody has looked at", async () => {
      const waiting = await fresh.placed()
      await fresh.act(await fresh.placed({ note: "looked at" }), "see")
      expect(await remindOfBills(fresh.database, { since: fresh.now - 1, now: fresh.now })).toBe(0)
      expect(await remindOfBills(fresh.database, { since: fresh.now, now: fresh.now })).toBe(1)
      expect(await remindOfBills(fresh.database, { since: fresh.now, now: fresh.now })).toBe(0)
      const [first] = await billsOfShop(fresh.database, "shop1")
      expect(first).toMatchObject({ bill: waiting.bill, reminders: 1, version: 2, state: "placed" })
    })

    test("two hundred forgotten bills do not make a shop too busy for ever, nor ten lock a customer out", async () => {
      const bills: BillRecord[] = []
      for (let at = 0; at < 200; at++) {
        const bill = await fresh.placed({ note: `${at}` }, { customer: `customer ${Math.floor(at / 10)}` })
        for (const step of (["see", "accept", "cook"] as const).slice(0, (at % 3) + 1))
          await fresh.act(bill, step)
        bills.push(bill)
      }
      expect(await fresh.place({}, { customer: "customer 0" })).toBe("too_many_bills")
      expect(await fresh.place({}, { customer: "new" })).toBe("too_busy")
      expect(await forgetBills(fresh.database, { since: fresh.now - 1, now: fresh.now })).toBe(0)
      expect(await forgetBills(fresh.database, { since: fresh.now, now: fresh.now })).toBe(200)
      expect((await fresh.placed({}, { customer: "customer 0" })).state).toBe("placed")
      const [first] = await billsOfCustomer(fresh.database, "customer 0")
      expect(first).toMatchObject({ bill: bills[0]?.bill, state: "refused", reason: "forgotten" })
    })

    test("ends what nobody ever looked at", async () => {
      await fresh.placed()
      await fresh.act(await fresh.placed({ note: "looked at" }), "see")
      expect(await lapseBills(fresh.database, { since: fresh.now, now: fresh.now })).toBe(1)
      const states = (await billsOfShop(fresh.database, "shop1")).map(({ state, reason }) => [state, reason])
      expect(states).toEqual([
        ["refused", "no_answer"],
        ["seen", null],
      ])
    })
  })
}
