// Reads an order from a request's body. What is wrong is a problem with a sentence for people.
import { e164 } from "laba"
import { Problem } from "../../kit/http/problem.ts"
import type { Order } from "../payments/payment-service.ts"
import { plans } from "../payments/payment.ts"

const nameCharsMax = 40

/** Numbers are read as they are typed in China; with a country code they are of anywhere. */
const withCountry = (phone: string): string => (/^1\d{10}$/.test(phone.trim()) ? `+86${phone.trim()}` : phone)

export function readOrder({ name, phone, plan, language }: Readonly<Record<string, unknown>>): Order {
  const called = typeof name === "string" ? name.trim() : ""
  if (called === "" || called.length > nameCharsMax || /\p{Cc}/u.test(called))
    throw new Problem(400, "bad_name", `A name has 1 to ${nameCharsMax} characters.`)
  const number = typeof phone === "string" ? e164(withCountry(phone)) : null
  if (number === null)
    throw new Problem(400, "bad_phone", "A phone number has a country code: +86 138 0013 8000.")
  const chosen = plans.find(({ id }) => id === plan)
  if (!chosen) throw new Problem(400, "bad_plan", "There is no such plan.")
  return { name: called, phone: number, plan: chosen, language: language === "zh-CN" ? "zh-CN" : "en" }
}
