// Orders and kitchens over a real desk with its Laba: what is told to whom, and when nobody looks.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import type { BillRecord } from "../model/bill.ts"
import type { Customer, Kitchen } from "./people.ts"
import { RawKitchen } from "./raw-kitchen.ts"
import { TakeawayProcess } from "./takeaway-process.ts"
import { isTrue, until } from "./until.ts"

const testMs = 60_000

describe("a takeaway desk", () => {
  let desk: TakeawayProcess
  beforeAll(async () => {
    desk = await TakeawayProcess.start()
  }, testMs)
  afterEach(() => desk.dismiss())
  afterAll(() => desk[Symbol.asyncDispose]())

  const heard = (by: Customer | Kitchen, bill: BillRecord, state: string) =>
    until(
      () => by.statesOf(bill.bill),
      (states) => states.includes(state as "placed"),
    )

  test(
    "takes a bill from the order to the handing over, and both sides hear each step once, in order",
    async () => {
      const front = await desk.openKitchen("front")
      const back = await desk.openKitchen("back")
      const ann = await desk.listeningCustomer()
      const bob = await desk.listeningCustomer("Bob")
      const bill = await ann.bill([{ dish: "egg", count: 2 }, "rice"])
      expect(bill).toMatchObject({ shop: "shop1", state: "placed", total: 700 })
      const steps = ["see", "accept", "cook", "hand"]
      for (const [at, act] of steps.entries()) {
        await (at % 2 === 0 ? front : back).act(bill, act)
        await heard(ann, bill, ["seen", "accepted", "cooking", "handed"][at] as string)
      }
      const way = ["placed", "seen", "accepted", "cooking", "handed"] as const
      for (const listener of [front, back, ann]) {
        await heard(listener, bill, "handed")
        const states = listener.statesOf(bill.bill)
        // A step that follows at once may be told together with the one before; never twice, never back.
        expect(states).toEqual(way.filter((state) => states.includes(state)))
      }
      expect(bob.heard).toEqual([])
      expect(front.heard.at(-1)).toMatchObject({ by: "back", name: "Ann" })
    },
    testMs,
  )

  test(
    "lets one of two kitchens win, and tells the other who was faster",
    async () => {
      const [front, back] = [await desk.openKitchen("front"), await desk.openKitchen("back")]
      const bill = await (await desk.listeningCustomer()).bill()
      await Promise.all([front.act(bill, "accept"), back.act(bill, "refuse")])
      const answers = await until(
        () => [front.answers.at(-1), back.answers.at(-1)],
        (both) => both.every((one) => one && "bill" in one),
      )
      const outcomes = answers.map((one) => one?.["outcome"])
      // Whoever was first; a refusal after an acceptance is the kitchen's right, so both may be done, in that order.
      expect(outcomes).toContain("done")
      const [now] = (await front.bills()).filter((one) => one.bill === bill.bill)
      for (const one of [front, back]) await heard(one, bill, now?.state as string)
    },
    testMs,
  )

  test(
    "makes one bill of a double tap, with a key and without",
    async () => {
      const front = await desk.openKitchen()
      const ann = await desk.listeningCustomer()
      const keyed = await Promise.all([
        ann.order(["egg"], { key: "tap" }),
        ann.order(["egg"], { key: "tap" }),
      ])
      expect(keyed.map(({ status }) => status).sort()).toEqual([200, 201])
      const bare = await Promise.all([ann.order(["soup"]), ann.order(["soup"])])
      expect(bare.map(({ status }) => status).sort()).toEqual([200, 201])
      expect(await ann.bills()).toHaveLength(2)
      expect((await front.bills()).filter(({ name }) => name === "Ann").length).toBeGreaterThanOrEqual(2)
      const other = await ann.order(["rice"], { key: "tap" })
      expect(other).toMatchObject({ status: 409, body: { code: "key_conflict", error_code: -5 } })
    },
    testMs,
  )

  test(
    "lets the customer cancel until somebody works on it, and says so when it is too late",
    async () => {
      const front = await desk.openKitchen()
      const ann = await desk.listeningCustomer()
      const [early, late] = [await ann.bill(["egg"]), await ann.bill(["rice"])]
      const cancel = (bill: BillRecord, cookie = ann.cookie) =>
        desk.ask("POST", `/api/bills/${bill.bill}/cancel`, { headers: { Cookie: cookie } })
      expect((await cancel(early)).body).toMatchObject({ outcome: "done", bill: { state: "cancelled" } })
      await heard(front, early, "cancelled")
      await front.act(late, "accept")
      await heard(front, late, "accepted")
      expect(await cancel(late)).toMatchObject({ status: 409, body: { bill: { state: "accepted" } } })
      expect((await cancel(late, (await desk.listeningCustomer("Bob")).cookie)).status).toBe(404)
    },
    testMs,
  )

  test(
    "shows a kitchen of the first desk what came while it was away, and hears what it does",
    async () => {
      const login = await desk.kitchen("shop3")
      const enter = async (): Promise<RawKitchen> => {
        const raw = await RawKitchen.open(desk.labaUrl, await login.token())
        raw.say("shop3")
        return raw
      }
      const first = await enter()
      await until(() => desk.isOpen("shop3"), isTrue)
      first[Symbol.dispose]()
      const ann = await desk.listeningCustomer()
      const { body } = await ann.order([{ dish: "tea", count: 2 }], { shop: "shop3" })
      const bill = body["bill"] as BillRecord
      using second = await enter()
      await until(
        () => second.heard,
        (all) => all.some((line) => line.includes(`tea x2`) && line.endsWith(`bill ${bill.bill} `)),
      )
      second.say("ping")
      await until(
        () => second.heard,
        (all) => all.includes("pong"),
      )
      second.say(`shop3;accept;${bill.bill}`)
      await heard(ann, bill, "accepted")
      second.say("what?;;")
      await until(
        () => second.heard,
        (all) => all.some((line) => line.startsWith("not understood")),
      )
    },
    testMs,
  )

  test(
    "answers a kitchen's word that it does not understand, and publishes none of them",
    async () => {
      const [front, back] = [await desk.openKitchen("front"), await desk.openKitchen("back")]
      await front.say({ do: "dance" })
      await until(
        () => front.answers,
        (all) => all.some(({ outcome }) => outcome === "not_understood"),
      )
      await front.say({ do: "accept", bill: 999_999 })
      await until(
        () => front.answers,
        (all) => all.some(({ outcome }) => outcome === "no_such_bill"),
      )
      expect(back.heard).toEqual([])
    },
    testMs,
  )

  test(
    "keeps a kitchen's bills from customers and from other kitchens",
    async () => {
      await desk.openKitchen()
      const ann = await desk.listeningCustomer()
      const { body } = await desk.ask("POST", "/api/listen", { headers: { Cookie: ann.cookie } })
      const tokens = [body["token"] as string, await (await desk.kitchen("shop2")).token()]
      for (const token of tokens) {
        const answer = await fetch(`${desk.labaUrl}/@shop1/kitchen/bills?after=0`, {
          headers: { Authorization: `Bearer ${token}` },
        })
        expect(answer.status).toBe(403)
      }
      const anonymous = await fetch(`${desk.labaUrl}/@shop1/kitchen/bills?after=0`)
      expect(anonymous.status).toBe(401)
    },
    testMs,
  )
})
