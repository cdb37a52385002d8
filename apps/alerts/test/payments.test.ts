// A payment and who is told of it: over a real SMTP server, over the interface of text messages, and by nobody who is away.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { readFileSync } from "node:fs"
import type { SmsSender } from "laba"
import type { Payment } from "../payments/payment.ts"
import { startAlerts } from "./running-alerts.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

describe("a payment", () => {
  test("is told to the team by mail and to the customer by text message, in the customer's language", async () => {
    await using alerts = await startAlerts()
    const answer = await alerts.pay("Ada 洛芙莱斯", "+86 138 0013 8000", { language: "zh-CN" })
    expect(answer.status).toBe(201)
    const { paidUntil, isNewCustomer } = (await answer.json()) as Payment
    expect(isNewCustomer).toBe(true)
    const { letters, texts } = await alerts.until(
      (state) => state.letters?.length === 1 && state.texts?.length === 1,
    )
    expect(letters?.[0]).toMatchObject({
      subject: "New paying customer: Ada 洛芙莱斯 · 新付费客户",
      to: "team@laba.invalid",
    })
    expect(letters?.[0]?.text).toContain(`Paid until  ${paidUntil}`)
    expect(letters?.[0]?.text).toContain("金额：¥298.00")
    expect(texts?.[0]).toMatchObject({
      to: "+8613800138000",
      text: `【喇叭】Ada 洛芙莱斯，已收到¥298.00，服务有效期至${paidUntil}，谢谢！`,
    })
  })

  test("again is no news for the team, and adds to what was paid", async () => {
    await using alerts = await startAlerts()
    const first = (await (await alerts.pay("Ada", "+8613800138000")).json()) as Payment
    const second = (await (await alerts.pay("Ada", "13800138000", { plan: "month" })).json()) as Payment
    expect(second.isNewCustomer).toBe(false)
    expect(second.paidUntil > first.paidUntil).toBe(true)
    const { texts } = await alerts.until((state) => state.texts?.length === 2)
    expect(texts?.[0]?.text).toContain(`until ${second.paidUntil}`)
    // One letter comes after the other: had the renewal made one, it would be there before Bob's.
    await alerts.pay("Bob", "+8613800138001")
    const { letters } = await alerts.until((state) => state.letters?.[0]?.subject.includes("Bob") === true)
    expect(letters).toHaveLength(2)
  })

  test("is told to who listens and waits for who is away, and the payment service notices neither", async () => {
    await using alerts = await startAlerts()
    await alerts.press("/api/subscribers/sms/remove")
    expect((await alerts.pay("Ada", "+8613800138000")).status).toBe(201)
    await alerts.until(({ letters }) => letters?.length === 1)
    await alerts.press("/api/subscribers/mail/remove")
    expect((await alerts.pay("Bob", "+8613800138001")).status).toBe(201)
    const away = await alerts.state()
    expect(away.subscribers.map(({ isListening }) => isListening)).toEqual([false, false])
    expect(away.texts).toEqual([])

    await alerts.press("/api/subscribers/sms/add")
    await alerts.press("/api/subscribers/mail/add")
    const { letters, texts } = await alerts.until(
      (state) => state.letters?.length === 2 && state.texts?.length === 2,
    )
    expect(letters?.map(({ subject }) => subject.includes("Bob"))).toEqual([true, false])
    // In the order in which they paid: the newest is first.
    expect(texts?.map(({ to }) => to)).toEqual(["+8613800138001", "+8613800138000"])
  })

  test("is told again when a provider could not at first", async () => {
    let tries = 0
    const sent: string[] = []
    const sms: SmsSender = {
      name: "moody",
      async send({ to }) {
        if (++tries === 1) throw new Error("busy")
        sent.push(to)
        return "1"
      },
    }
    await using alerts = await startAlerts({ sms })
    await alerts.pay("Ada", "+8613800138000")
    const { subscribers, texts } = await alerts.until(({ subscribers }) => subscribers[1]?.told === 1)
    expect(sent).toEqual(["+8613800138000"])
    expect(subscribers[1]?.trouble).toBeNull()
    expect(texts).toBeNull()
  })

  test("at the same time as another by the same phone adds to it, and makes one new customer", async () => {
    await using alerts = await startAlerts()
    const answers = await Promise.all(
      ["Ada", "Ada", "Ada"].map(async (name) => {
        const answer = await alerts.pay(name, "+8613800138000", { plan: "year" })
        return (await answer.json()) as Payment
      }),
    )
    expect(answers.filter(({ isNewCustomer }) => isNewCustomer)).toHaveLength(1)
    const years = answers.map(({ paidUntil }) => Number(paidUntil.slice(0, 4)) - new Date().getUTCFullYear())
    expect(years.sort()).toEqual([1, 2, 3])
  })

  test("is told to a subscriber that is more than two hundred of them behind, and so is each of the others", async () => {
    const told: string[] = []
    const sms: SmsSender = { name: "phone", send: async ({ to }) => String(told.push(to)) }
    await using alerts = await startAlerts({ sms })
    await alerts.press("/api/subscribers/sms/remove")
    const phones = Array.from({ length: 230 }, (_, at) => `+86138${String(at).padStart(8, "0")}`)
    for (const phone of phones) expect((await alerts.pay("Ada", phone)).status).toBe(201)
    await alerts.press("/api/subscribers/sms/add")
    await alerts.until(({ subscribers }) => subscribers[1]?.told === 230)
    expect(told).toEqual(phones)
  })

  test("that is none is refused with a sentence", async () => {
    await using alerts = await startAlerts()
    const cases: [order: object, says: string][] = [
      [{ name: " " }, "A name has 1 to 40 characters."],
      [{ name: "a\nBcc: everybody@example.com" }, "A name has 1 to 40 characters."],
      [{ phone: "12" }, "A phone number has a country code: +86 138 0013 8000."],
      [{ plan: "free" }, "There is no such plan."],
    ]
    for (const [order, says] of cases) {
      const answer = await alerts.pay("Ada", "+8613800138000", order)
      expect(answer.status).toBe(400)
      expect(((await answer.json()) as { detail: string }).detail).toBe(says)
    }
    const form = await fetch(`${alerts.url}/api/payments`, {
      method: "POST",
      body: new URLSearchParams({ name: "x" }),
    })
    expect(form.status).toBe(415)
  })
})

test("the payment service imports nobody who listens", () => {
  const source = readFileSync(new URL("../payments/payment-service.ts", import.meta.url), "utf8")
  const imports = [...source.matchAll(/from "([^"]+)"/g)].map(([, name]) => name)
  expect(imports).toEqual([
    "node:crypto",
    "../../kit/laba/laba-calls.ts",
    "../../kit/keyed-mutex.ts",
    "../channels/names.ts",
    "./payment.ts",
  ])
})
