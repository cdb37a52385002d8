import { expect, test } from "bun:test"
import { createTransport } from "nodemailer"
import { addMonths, type Payment } from "../payments/payment.ts"
import { paidUntilText } from "../sms/texts.ts"
import { newCustomerMail } from "./mail-texts.ts"
import { parseMail } from "./mime.ts"

/** As it would go over the wire. */
async function composed(letter: { readonly subject: string; readonly text: string }): Promise<Uint8Array> {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: "windows" })
  const { message } = await composer.sendMail({
    from: "Laba 喇叭 <a@b.example>",
    to: "c@d.example",
    ...letter,
  })
  return message as Buffer
}

test("a letter is read as it was written, whatever it was encoded in", async () => {
  const letters = [
    { subject: "plain", text: "plain text\nin two lines\n" },
    {
      subject:
        "新付费客户：喇叭 and a subject that is so long that it has to be cut into several words of both kinds",
      text: "喇叭".repeat(200),
    },
    { subject: "a = b?", text: `equal signs = and\nlong lines ${"x ".repeat(300)}` },
  ]
  for (const letter of letters) {
    const read = parseMail(await composed(letter))
    expect(read.subject).toBe(letter.subject)
    expect(read.text.trimEnd()).toBe(letter.text.trimEnd())
    expect(read.from).toContain("喇叭")
  }
})

const payment: Payment = {
  id: "p1",
  customer: { name: "Ada\r\nBcc: everybody@example.com", phone: "+8613800138000", language: "en" },
  plan: "year",
  amount: 298_00,
  currency: "CNY",
  isNewCustomer: true,
  paidUntil: "2027-11-21",
  at: Date.UTC(2026, 10, 21, 8, 30),
}

test("a name makes no headers and no lines of its own", async () => {
  const letter = newCustomerMail(payment)
  const { subject, text } = parseMail(await composed(letter))
  expect(subject).toBe("New paying customer: Ada Bcc: everybody@example.com · 新付费客户")
  expect(text).toStartWith("Ada Bcc: everybody@example.com has paid for the first time.\n")
  expect(Buffer.from(await composed(letter)).toString()).not.toMatch(/^bcc:/im)
})

test("a text message is short in both languages, however long a name", () => {
  const customer = { ...payment.customer, name: "很".repeat(40) }
  expect(
    [...paidUntilText({ ...payment, customer: { ...customer, language: "zh-CN" } })].length,
  ).toBeLessThan(70)
  expect(paidUntilText({ ...payment, customer }).length).toBeLessThan(160)
})

test("a month later is the same day, or the last of the month where there is none", () => {
  expect(addMonths("2026-11-21", 12)).toBe("2027-11-21")
  expect(addMonths("2026-01-31", 1)).toBe("2026-02-28")
  expect(addMonths("2027-12-31", 2)).toBe("2028-02-29")
  expect(addMonths("2026-10-31", 3)).toBe("2027-01-31")
})
