// What subscribers survive: a mail server that is busy for long, a letter that nobody will ever take, a restart of everything.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SmsSender } from "laba"
import { SmsRefused } from "laba"
import type { Snapshot } from "../pages/snapshot.ts"
import type { Payment } from "../payments/payment.ts"
import type { SubscriberState } from "../subscribers/subscribers.ts"
import { openPostOffice, quickClock } from "./post-office.ts"
import { startAlerts } from "./running-alerts.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

const mailOf = ({ subscribers }: Snapshot): SubscriberState => subscribers[0] as SubscriberState

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "laba-alerts-"))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

describe("a mail server that is busy", () => {
  test("is tried again for as long as an outage lasts, in order, and the page says so", async () => {
    await using office = await openPostOffice()
    await using alerts = await startAlerts({
      mail: { smtp: office.smtp, from: "a@laba.invalid", to: "b@laba.invalid" },
      clock: quickClock,
    })
    office.answerWith(451)
    const paid: string[] = []
    for (const [name, phone] of [
      ["Ada", "+8613800138000"],
      ["Bob", "+8613800138001"],
    ] as const)
      paid.push(((await (await alerts.pay(name, phone)).json()) as Payment).id)
    // Twenty tries are a quarter of an hour by a clock that is not hurried.
    const waiting = await alerts.until((state) => (mailOf(state).trouble?.attempts ?? 0) >= 20)
    expect(mailOf(waiting)).toMatchObject({ told: 0, aside: [], isListening: true })
    expect(mailOf(waiting).trouble?.reason).toContain("451")
    office.answerWith(null)
    const told = await alerts.until((state) => mailOf(state).told === 2)
    expect(mailOf(told)).toMatchObject({ trouble: null, aside: [] })
    expect(office.taken).toEqual(paid.map((id) => `<${id}@payments.laba.invalid>`))
  })

  test("does not keep its subscriber from being taken away, and the letter comes when it is back", async () => {
    await using office = await openPostOffice()
    await using alerts = await startAlerts({
      mail: { smtp: office.smtp, from: "a@laba.invalid", to: "b@laba.invalid" },
      clock: quickClock,
    })
    office.answerWith(421)
    await alerts.pay("Ada", "+8613800138000")
    await alerts.until((state) => (mailOf(state).trouble?.attempts ?? 0) >= 3)
    await alerts.press("/api/subscribers/mail/remove")
    expect(mailOf(await alerts.state())).toMatchObject({ isListening: false, trouble: null })
    office.answerWith(null)
    await alerts.press("/api/subscribers/mail/add")
    await alerts.until((state) => mailOf(state).told === 1)
    expect(office.taken).toHaveLength(1)
  })
})

describe("what will never be told", () => {
  test("is set aside with its reason, shown, and sent when it is tried again", async () => {
    await using office = await openPostOffice()
    await using alerts = await startAlerts({
      mail: { smtp: office.smtp, from: "a@laba.invalid", to: "b@laba.invalid" },
      clock: quickClock,
    })
    office.answerWith(552)
    await alerts.pay("Ada", "+8613800138000")
    const aside = mailOf(await alerts.until((state) => mailOf(state).aside.length === 1)).aside
    expect(aside[0]).toMatchObject({ customer: "Ada", reason: expect.stringContaining("552") })
    expect(office.turnedAway).toBe(1)
    office.answerWith(null)
    // The next one has its turn meanwhile.
    await alerts.pay("Bob", "+8613800138001")
    await alerts.until((state) => mailOf(state).told === 1)
    const answer = await alerts.press("/api/subscribers/mail/retry")
    expect(mailOf({ subscribers: await answer.json() } as Snapshot)).toMatchObject({ told: 2, aside: [] })
    expect(office.taken).toHaveLength(2)
  })

  test("is a number that no text reaches; a provider that is out of order is tried again", async () => {
    const sent: string[] = []
    let hiccups = 2
    const sms: SmsSender = {
      name: "strict",
      async send({ to }) {
        if (to.endsWith("1")) throw new SmsRefused("Twilio", "21211", "no such number")
        if (hiccups-- > 0) throw new SmsRefused("Twilio", "503", "out of order")
        sent.push(to)
        return "1"
      },
    }
    await using alerts = await startAlerts({ sms, clock: quickClock })
    await alerts.pay("Ada", "+8613800138001")
    await alerts.pay("Bob", "+8613800138002")
    const state = await alerts.until(({ subscribers }) => subscribers[1]?.told === 1)
    expect(sent).toEqual(["+8613800138002"])
    expect(state.subscribers[1]?.aside).toMatchObject([
      { customer: "Ada", reason: "Twilio refused it: 21211: no such number" },
    ])
  })
})

test("a restart goes on where it was: places, who is subscribed, what was told and set aside, customers, history", async () => {
  await using data = await folder()
  await using office = await openPostOffice()
  const settings = {
    data: data.path,
    mail: { smtp: office.smtp, from: "a@laba.invalid", to: "b@laba.invalid" },
    clock: quickClock,
  }
  let until = ""
  {
    await using alerts = await startAlerts(settings)
    const { paidUntil } = (await (await alerts.pay("Ada", "+8613800138000")).json()) as { paidUntil: string }
    until = paidUntil
    await alerts.until((state) => mailOf(state).told === 1)
    office.answerWith(550)
    await alerts.pay("Bob", "+8613800138001")
    await alerts.until((state) => mailOf(state).aside.length === 1 && state.texts?.length === 2)
    office.answerWith(451)
    await alerts.press("/api/subscribers/sms/remove")
    await alerts.pay("Cyd", "+8613800138002")
    await alerts.until((state) => mailOf(state).trouble !== null)
  }
  office.answerWith(null)
  await using alerts = await startAlerts(settings)
  const state = await alerts.until((now) => mailOf(now).told === 2)
  expect(office.taken).toHaveLength(2)
  expect(mailOf(state).aside).toMatchObject([{ customer: "Bob" }])
  expect(state.subscribers[1]).toMatchObject({ isListening: false, told: 2 })
  expect(state.texts).toHaveLength(2)
  // What the nodes said before, and that they have started again.
  await alerts.until(({ deploys }) => deploys.length > 3)
  // Who had paid is no new customer, and loses no day.
  const renewed = (await (await alerts.pay("Ada", "+8613800138000")).json()) as {
    paidUntil: string
    isNewCustomer: boolean
  }
  expect(renewed.isNewCustomer).toBe(false)
  expect(renewed.paidUntil > until).toBe(true)
  await alerts.press("/api/subscribers/sms/add")
  await alerts.until(({ texts }) => texts?.length === 4)
})
