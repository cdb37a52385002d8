// `kill -9` of the desk, of its Laba and of both, while people order. Nothing is lost, nothing is doubled, and what was
// stored and not yet told is told.
import { expect, test } from "bun:test"
import type { BillRecord } from "../model/bill.ts"
import type { Customer, Kitchen } from "./people.ts"
import { TakeawayProcess } from "./takeaway-process.ts"
import { isTrue, until } from "./until.ts"

const testMs = 150_000

/** On a slow machine kitchens may take long to come back, and what is tried here is not the grace. */
const patient = ["--grace-seconds", "600"] as const

const hasHeard = (by: Customer | Kitchen, bill: BillRecord, state: string) =>
  until(
    () => by.statesOf(bill.bill),
    (states) => states.includes(state as "placed"),
  )

/** No version of a bill came twice or after a newer one. */
function expectOnceInOrder(by: Customer | Kitchen): void {
  const newest = new Map<number, number>()
  for (const { bill, version } of by.heard) {
    expect(version).toBeGreaterThan(newest.get(bill) ?? 0)
    newest.set(bill, version)
  }
}

test(
  "a desk that is killed leaves every socket open, and goes on where it was",
  async () => {
    await using desk = await TakeawayProcess.start({ labaApart: true, args: patient })
    using front = await desk.kitchen()
    await front.open()
    using ann = await desk.customer()
    await ann.listen()
    const before = await ann.bill(["egg"], "before")
    await hasHeard(front, before, "placed")
    await desk.killDesk()
    expect(await ann.order(["rice"], { key: "meanwhile" }).catch(() => "away")).toBe("away")
    await desk.startDesk()
    // The answer to the first one may have been lost: asked again under its key it is the same bill.
    expect((await ann.bill(["egg"], "before")).bill).toBe(before.bill)
    const after = await ann.bill(["rice"], "meanwhile")
    await hasHeard(front, after, "placed")
    // Its circuit lets Laba ask the desk again after a while.
    for (const act of ["accept", "cook", "hand"])
      await until(
        () =>
          front.act(before, act).then(
            () => true,
            () => false,
          ),
        isTrue,
      )
    await hasHeard(ann, before, "handed")
    expect(await desk.isOpen("shop1")).toBe(true)
    expect(await ann.bills()).toHaveLength(2)
    for (const listener of [front, ann]) expectOnceInOrder(listener)
  },
  testMs,
)

test(
  "an order that was stored while Laba was away is told when it is back, and kitchens that died with it are struck out",
  async () => {
    await using desk = await TakeawayProcess.start({ labaApart: true, args: ["--grace-seconds", "3"] })
    using front = await desk.kitchen()
    await front.open()
    using gone = await desk.kitchen("shop2")
    await gone.open()
    using ann = await desk.customer()
    await ann.listen()
    await desk.killLaba()
    gone.leave()
    const stored = await ann.bill(["soup"])
    expect((await front.bills()).map(({ bill }) => bill)).toEqual([stored.bill])
    expect(front.heard).toEqual([])
    await desk.startLaba()
    await hasHeard(front, stored, "placed")
    await hasHeard(ann, stored, "placed")
    // The one that came back keeps its shop open; the one that did not is told of by a Laba that was killed.
    await until(async () => !(await desk.isOpen("shop2")), isTrue)
    for (const listener of [front, ann]) expectOnceInOrder(listener)
  },
  testMs,
)

test.skipIf(process.platform !== "linux")(
  "a Laba beside the desk that is killed is started again where it was, and nobody has to be told its address",
  async () => {
    await using desk = await TakeawayProcess.start({ args: patient })
    using front = await desk.kitchen()
    await front.open()
    await desk.killLabaBeside()
    using ann = await desk.customer()
    const bill = await ann.bill(["egg"])
    await hasHeard(front, bill, "placed")
    expect(await desk.stopDesk()).toBe(0)
  },
  testMs,
)

test(
  "a desk that is killed again and again while people order loses no bill and doubles none",
  async () => {
    await using desk = await TakeawayProcess.start({ args: patient })
    using front = await desk.kitchen()
    await front.open()
    const customers = await Promise.all(["Ann", "Bob", "Cat"].map((name) => desk.customer(name)))
    await Promise.all(customers.map((one) => one.listen()))
    const promised = new Map<string, number>()
    let ordering = true
    const crowd = customers.map(async (one) => {
      for (let turn = 0; ordering && turn < 9; turn++) {
        const key = `${one.name}-${turn}`
        // As a page does: the same key until there is an answer.
        const answer = await until(
          () => one.order([{ dish: "rice", count: turn + 1 }], { key }).catch(() => null),
          (found) => found?.body["error_code"] === 0,
        )
        const bill = answer?.body["bill"] as BillRecord | undefined
        if (bill) promised.set(key, bill.bill)
      }
    })
    for (let kill = 0; kill < 2; kill++) {
      const size = promised.size
      await until(
        () => promised.size,
        (now) => now > size + 3,
      )
      await desk.killDesk()
      await desk.startDesk()
    }
    await until(
      () => promised.size,
      (now) => now >= 12,
    )
    ordering = false
    await Promise.all(crowd)
    expect(new Set(promised.values()).size).toBe(promised.size)
    const stored = (await front.bills()).map(({ bill }) => bill)
    expect(stored.sort((a, b) => a - b)).toEqual([...promised.values()].sort((a, b) => a - b))
    await until(
      () => [...promised.values()].filter((bill) => front.statesOf(bill).length === 0),
      (unheard) => unheard.length === 0,
    )
    for (const listener of [front, ...customers]) {
      expectOnceInOrder(listener)
      if (listener !== front) listener[Symbol.dispose]()
    }
    expect(await desk.stopDesk()).toBe(0)
  },
  testMs,
)
