// The payment service: takes a payment, knows its customers, and says once that somebody has paid. It does not know who
// hears it, and never will.
import { randomUUID } from "node:crypto"
import { type Outlet, post } from "../channels/post.ts"
import { payments } from "../channels/names.ts"
import { addMonths, type Payment, type Plan } from "./payment.ts"

/** Customers remembered. This demo keeps its books in memory. */
const customersMax = 10_000

export interface Order {
  readonly name: string
  /** In E.164. */
  readonly phone: string
  readonly language: Payment["customer"]["language"]
  readonly plan: Plan
}

export class PaymentService {
  private readonly outlet: Outlet
  /** By phone: until when they have paid. */
  private readonly paidUntil = new Map<string, string>()

  constructor(outlet: Outlet) {
    this.outlet = outlet
  }

  /** Resolves once the payment is published. */
  async pay({ name, phone, language, plan }: Order): Promise<Payment> {
    const today = new Date().toISOString().slice(0, 10)
    const before = this.paidUntil.get(phone)
    // Who pays early loses no day.
    const from = before !== undefined && before > today ? before : today
    const payment: Payment = {
      id: randomUUID(),
      customer: { name, phone, language },
      plan: plan.id,
      amount: plan.price,
      currency: "CNY",
      isNewCustomer: before === undefined,
      paidUntil: addMonths(from, plan.months),
      at: Date.now(),
    }
    await post(this.outlet, payments, payment, { once: payment.id })
    this.remember(phone, payment.paidUntil)
    return payment
  }

  private remember(phone: string, paidUntil: string): void {
    this.paidUntil.delete(phone)
    this.paidUntil.set(phone, paidUntil)
    const [oldest] = this.paidUntil.keys()
    if (this.paidUntil.size > customersMax) this.paidUntil.delete(oldest as string)
  }
}
