// What the database promise about telling, shops and connections, over any database.
import { describe, expect, test } from "bun:test"
import {
  addConnection,
  findConnection,
  listConnections,
  nameShop,
  rawConnections,
  removeConnection,
} from "../database/connections.ts"
import { markBillPublished, unpublishedBills } from "../database/read-bills.ts"
import {
  addShops,
  closeLonelyShops,
  findShop,
  listShops,
  markShopPublished,
  passwordOfShop,
  setShopOpen,
  unpublishedShops,
} from "../database/shops.ts"
import type { BillRecord } from "../model/bill.ts"
import { demoShops } from "../model/menu.ts"
import type { FreshDatabase } from "./fresh-database.ts"

export function shopsContract(fresh: FreshDatabase): void {
  describe("telling", () => {
    test("every version has to be told, the newest only", async () => {
      const bill = await fresh.placed()
      expect((await unpublishedBills(fresh.database, 10)).map(({ customer }) => customer)).toEqual(["ann"])
      await fresh.act(bill, "accept")
      // What was told meanwhile is older than what there is now.
      await markBillPublished(fresh.database, bill)
      const [untold] = await unpublishedBills(fresh.database, 10)
      expect(untold?.record).toMatchObject({ version: 2, state: "accepted" })
      await markBillPublished(fresh.database, untold?.record as BillRecord)
      expect(await unpublishedBills(fresh.database, 10)).toEqual([])
    })

    test("a shop that opens or closes has to be told too", async () => {
      for (const shop of await unpublishedShops(fresh.database)) await markShopPublished(fresh.database, shop)
      expect(await unpublishedShops(fresh.database)).toEqual([])
      await setShopOpen(fresh.database, "shop1", false)
      expect((await unpublishedShops(fresh.database)).map(({ shop, isOpen }) => [shop, isOpen])).toEqual([
        ["shop1", false],
      ])
    })
  })

  describe("shops", () => {
    const open = async () =>
      (await listShops(fresh.database)).filter(({ isOpen }) => isOpen).map(({ shop }) => shop)

    test("are there once, however often they are added, with their menus in order", async () => {
      expect(await addShops(fresh.database, demoShops, async () => "another password")).toEqual([])
      const shops = await listShops(fresh.database)
      expect(shops.map(({ shop }) => shop)).toEqual(demoShops.map(({ id }) => id))
      expect(shops[0]?.dishes.slice(0, 2)).toEqual([
        { id: "egg", zh: "煎蛋", en: "Fried egg", price: 300 },
        { id: "rice", zh: "米饭", en: "Rice", price: 100 },
      ])
      expect(await passwordOfShop(fresh.database, "shop1")).toBe("hash of shop1")
      expect(await passwordOfShop(fresh.database, "nowhere")).toBeNull()
    })

    test("open and close each for itself, and say whether that was news", async () => {
      expect(await setShopOpen(fresh.database, "shop2", true)).toBe(true)
      expect(await setShopOpen(fresh.database, "shop2", true)).toBe(false)
      expect(await open()).toEqual(["shop1", "shop2"])
      expect(await setShopOpen(fresh.database, "shop1", false)).toBe(true)
      expect(await open()).toEqual(["shop2"])
      expect(await findShop(fresh.database, "shop2")).toMatchObject({ isOpen: true, version: 2 })
    })

    test("close when no kitchen has been connected for the grace, and not before", async () => {
      const sweep = (at: number) => closeLonelyShops(fresh.database, { now: at, graceMs: 1000 })
      await addConnection(fresh.database, {
        id: "a",
        login: "shop1",
        shop: "shop1",
        dialect: "laba",
        now: fresh.now,
      })
      await addConnection(fresh.database, {
        id: "b",
        login: "shop1",
        shop: "shop1",
        dialect: "tencent",
        now: fresh.now,
      })
      expect(await sweep(fresh.now + 10_000)).toEqual([])
      await removeConnection(fresh.database, "a")
      expect(await sweep(fresh.now + 20_000)).toEqual([])
      await removeConnection(fresh.database, "b")
      expect(await sweep(fresh.now + 30_000)).toEqual([])
      expect(await sweep(fresh.now + 30_999)).toEqual([])
      expect(await sweep(fresh.now + 31_000)).toEqual(["shop1"])
      expect(await open()).toEqual([])
      expect(await sweep(fresh.now + 90_000)).toEqual([])
    })

    test("stay open when a kitchen comes back within the grace, and the next grace is a whole one", async () => {
      const sweep = (at: number) => closeLonelyShops(fresh.database, { now: at, graceMs: 1000 })
      expect(await sweep(fresh.now)).toEqual([])
      await addConnection(fresh.database, {
        id: "a",
        login: "shop1",
        shop: "shop1",
        dialect: "laba",
        now: fresh.now,
      })
      expect(await sweep(fresh.now + 5000)).toEqual([])
      await removeConnection(fresh.database, "a")
      expect(await sweep(fresh.now + 6000)).toEqual([])
      expect(await sweep(fresh.now + 6999)).toEqual([])
      expect(await sweep(fresh.now + 7000)).toEqual(["shop1"])
    })
  })

  describe("connections", () => {
    test("are told twice without harm, work later for the shop that they logged in to and for no other, and gone when they are gone", async () => {
      for (let time = 0; time < 2; time++)
        await addConnection(fresh.database, {
          id: "a",
          login: "shop1",
          shop: null,
          dialect: "tencent",
          now: fresh.now,
        })
      expect(await nameShop(fresh.database, "a", "shop2")).toBe(false)
      expect(await nameShop(fresh.database, "a", "shop1")).toBe(true)
      // Told again, it keeps the shop that it has named.
      await addConnection(fresh.database, {
        id: "a",
        login: "shop1",
        shop: null,
        dialect: "tencent",
        now: fresh.now,
      })
      expect(await findConnection(fresh.database, "a")).toEqual({
        id: "a",
        login: "shop1",
        shop: "shop1",
        dialect: "tencent",
      })
      await addConnection(fresh.database, {
        id: "b",
        login: "shop1",
        shop: "shop1",
        dialect: "laba",
        now: fresh.now + 1,
      })
      expect((await listConnections(fresh.database)).map(({ id }) => id)).toEqual(["a", "b"])
      expect(await rawConnections(fresh.database, "shop1")).toEqual(["a"])
      expect(await removeConnection(fresh.database, "a")).toBe(true)
      expect(await removeConnection(fresh.database, "a")).toBe(false)
      expect(await findConnection(fresh.database, "a")).toBeNull()
      expect(await nameShop(fresh.database, "a", "shop1")).toBe(false)
    })
  })

  test("a transaction that fails leaves nothing, and the next one is not in it", async () => {
    const failing = fresh.database.transaction(async (sql) => {
      await sql`UPDATE shop SET is_open = 0`
      throw new Error("on purpose")
    })
    const next = findShop(fresh.database, "shop1")
    expect(await failing.catch(String)).toBe("Error: on purpose")
    expect(await next).toMatchObject({ isOpen: true })
  })
}
