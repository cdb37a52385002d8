// What a desk does by itself when time passes: nobody looks at a bill, nobody is left in a shop.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import type { BillRecord } from "../model/bill.ts"
import type { Customer, Kitchen } from "./people.ts"
import { TakeawayProcess } from "./takeaway-process.ts"
import { isTrue, until } from "./until.ts"

const testMs = 60_000

describe("an impatient desk", () => {
  let desk: TakeawayProcess
  beforeAll(async () => {
    desk = await TakeawayProcess.start({
      args: ["--grace-seconds", "1", "--remind-seconds", "1", "--lapse-seconds", "6"],
    })
  }, testMs)
  afterEach(() => desk.dismiss())
  afterAll(() => desk[Symbol.asyncDispose]())

  const heard = (by: Customer | Kitchen, bill: BillRecord, state: string) =>
    until(
      () => by.statesOf(bill.bill),
      (states) => states.includes(state as "placed"),
    )

  test(
    "rings again when nobody looks, tells the customer so, and in the end does not let them wait for ever",
    async () => {
      const front = await desk.openKitchen()
      const ann = await desk.listeningCustomer()
      const bill = await ann.bill(["beef"])
      const reminded = (by: Customer | Kitchen) =>
        until(
          () => by.heard.filter((one) => one.bill === bill.bill),
          (all) => all.some((one) => one.reminders === 1),
        )
      await reminded(front)
      await reminded(ann)
      await heard(ann, bill, "refused")
      expect(ann.heard.at(-1)).toMatchObject({ state: "refused", reason: "no_answer", reminders: 1 })
      const versions = ann.heard.map(({ version }) => version)
      expect(versions).toEqual([...new Set(versions)].sort())
      expect(versions.at(-1)).toBe(3)
    },
    testMs,
  )

  test(
    "closes a shop when its last kitchen has gone, not when one of two has",
    async () => {
      const [front, back] = [
        await desk.openKitchen("front", "shop2"),
        await desk.openKitchen("back", "shop2"),
      ]
      front.leave()
      const ann = await desk.listeningCustomer()
      const { body } = await ann.order(["mapo"], { shop: "shop2" })
      expect(body["error_code"]).toBe(0)
      // Longer than the grace: what keeps it open is the other kitchen.
      await until(async () => (await ann.bills()).some(({ reminders }) => reminders > 0), isTrue)
      expect(await desk.isOpen("shop2")).toBe(true)
      back.leave()
      await until(async () => !(await desk.isOpen("shop2")), isTrue)
      expect(await ann.order(["mapo", "rice"], { shop: "shop2" })).toMatchObject({
        status: 409,
        body: { error_code: -2, code: "closed" },
      })
    },
    testMs,
  )
})
