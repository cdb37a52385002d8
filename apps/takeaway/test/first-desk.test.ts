// The desk that this one follows had six bugs. Each is a test here, against a real desk and a real Laba.
import { SQL } from "bun"
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import type { BillRecord } from "../model/bill.ts"
import { RawKitchen } from "./raw-kitchen.ts"
import { TakeawayProcess } from "./takeaway-process.ts"
import { isTrue, until } from "./until.ts"

const testMs = 60_000
const contact = { user: "Ann", addr: "1 Long Street", telephone: "13800000000" }

describe("the bugs of the first desk", () => {
  let desk: TakeawayProcess
  beforeAll(async () => {
    desk = await TakeawayProcess.start({ args: ["--grace-seconds", "1"] })
  }, testMs)
  afterAll(async () => {
    await desk[Symbol.asyncDispose]()
  })

  /** A kitchen's page of the first desk, logged in and open. */
  async function rawKitchen(shop: string): Promise<RawKitchen> {
    const login = await desk.kitchen(shop)
    const kitchen = await RawKitchen.open(desk.labaUrl, await login.token())
    kitchen.say(shop)
    await until(
      () => kitchen.heard[0] ?? "",
      (text) => text.startsWith(`${shop}  connectionId `),
    )
    return kitchen
  }

  /** Straight from the database, as nobody but a test looks. */
  async function rows<Row>(statement: string): Promise<Row[]> {
    await using sql = new SQL({
      adapter: "sqlite",
      filename: join(desk.folder, "takeaway.sqlite"),
      readonly: true,
    })
    return (await sql.unsafe(statement)) as Row[]
  }

  test(
    "1: values were written into the text of statements; here a name that is a statement is a name",
    async () => {
      using _ = await rawKitchen("shop1")
      const user = `'); DROP TABLE bill; --`
      const { body } = await desk.ask("POST", "/bill", {
        body: { ...contact, user, shop_name: "shop1", dish: "egg" },
      })
      expect(body).toMatchObject({ error_code: 0, error_msg: "success" })
      const dish = "egg' OR '1'='1"
      const other = await desk.ask("POST", "/bill", { body: { ...contact, shop_name: "shop1", dish } })
      expect(other.body["error_code"]).toBe(-4)
      const names = await rows<{ name: string }>("SELECT name FROM bill")
      expect(names.map(({ name }) => name)).toContain(user)
    },
    testMs,
  )

  test(
    "2: a connection that ended was never struck out; here it is gone when it is gone",
    async () => {
      const connections = () => rows<{ id: string }>("SELECT id FROM connection WHERE shop = 'shop2'")
      const kitchen = await rawKitchen("shop2")
      const id = kitchen.heard[0]?.split("connectionId ")[1] ?? ""
      expect((await connections()).map((row) => row.id)).toEqual([id])
      kitchen[Symbol.dispose]()
      await until(connections, (left) => left.length === 0)
    },
    testMs,
  )

  test(
    "3: a bill was pushed and never stored; here it is stored first, and pushed when it can be",
    async () => {
      using kitchen = await rawKitchen("shop3")
      const { body } = await desk.ask("POST", "/bill", {
        body: { ...contact, shop_name: "shop3", dish: "tea" },
      })
      const { bill } = body["bill"] as BillRecord
      const stored = await rows<{ shop: string; state: string }>(
        `SELECT shop, state FROM bill WHERE id = ${bill}`,
      )
      expect(stored).toEqual([{ shop: "shop3", state: "placed" }])
      const line = `shop : shop3 , you get a bill  tea, addr 1 Long Street , telephone 13800000000 , bill ${bill} `
      await until(
        () => kitchen.heard,
        (heard) => heard.includes(line),
      )
    },
    testMs,
  )

  test(
    "4: a dead connection kept its shop open; here the shop closes by itself, and says so to customers",
    async () => {
      const kitchen = await rawKitchen("shop2")
      expect(await desk.isOpen("shop2")).toBe(true)
      kitchen[Symbol.dispose]()
      await until(async () => !(await desk.isOpen("shop2")), isTrue)
      const { status, body } = await desk.ask("POST", "/bill", {
        body: { ...contact, shop_name: "shop2", dish: "mapo" },
      })
      expect(status).toBe(200)
      expect(body).toMatchObject({
        error_code: -2,
        error_msg: "the shop is not working now, please wait...",
      })
    },
    testMs,
  )

  test(
    "5: anybody could push into connections and claim a shop; here both need a credential",
    async () => {
      using kitchen = await rawKitchen("shop1")
      const secConnectionID = kitchen.heard[0]?.split("connectionId ")[1]
      const push = JSON.stringify({
        websocket: { action: "data send", secConnectionID, dataType: "text", data: "a false bill" },
      })
      for (const headers of [{}, { Authorization: "Bearer laba_desk_guessed" }]) {
        const answer = await fetch(`${desk.labaUrl}/_/api/tencent/first-desk`, {
          method: "POST",
          headers,
          body: push,
        })
        expect(answer.status).toBe(401)
      }
      expect(await RawKitchen.open(desk.labaUrl, null).catch(String)).toBe("Error: not let in")
      // Who has logged in to one shop cannot claim another.
      kitchen.say("shop3")
      await until(
        () => kitchen.heard,
        (heard) => heard.includes("shop3 is not your shop"),
      )
      expect(kitchen.heard.join()).not.toContain("false bill")
      // Nor does a function of ours believe whoever calls it.
      const call = await desk.ask("POST", "/functions/tencent/unregister", {
        body: { websocket: { action: "closing", secConnectionID } },
      })
      expect(call.status).toBe(401)
    },
    testMs,
  )

  test(
    "6: a shop that opened closed all others first; here each opens for itself",
    async () => {
      using _first = await rawKitchen("shop1")
      using _second = await rawKitchen("shop2")
      expect([await desk.isOpen("shop1"), await desk.isOpen("shop2")]).toEqual([true, true])
      using third = await rawKitchen("shop3")
      third.say("shop3;offline")
      await until(async () => !(await desk.isOpen("shop3")), isTrue)
      expect([await desk.isOpen("shop1"), await desk.isOpen("shop2")]).toEqual([true, true])
    },
    testMs,
  )
})
