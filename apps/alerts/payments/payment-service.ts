// The payment service: takes a payment, knows its customers, and says once that somebody has paid. It does not know who
// hears it, and never will.
import { randomUUID } from "node:crypto"
import { type LabaAccess, publish } from "../../kit/laba/laba-calls.ts"
import { KeyedMutex } from "../../kit/keyed-mutex.ts"
import { payments } from "../channels/names.ts"
import { addMonths, type Payment, type Plan } from "./payment.ts"

/** What it remembers of its customers: until when they have paid. */
interface Customers {
  /** Null for one who never paid. */
  paidUntil(phone: string): string | null
  setPaidUntil(phone: string, until: string): void
}

export interface Order {
  readonly name: string
  /** In E.164. */
  readonly phone: string
  readonly language: Payment["customer"]["language"]
  readonly plan: Plan
}

export class PaymentService {
  private readonly access: LabaAccess
  private readonly customers: Customers
  /** Until when a phone has paid is read, published and written in one turn. */
  private readonly mutex = new KeyedMutex()

  constructor(access: LabaAccess, customers: Customers) {
    this.access = access
    this.customers = customers
  }

  /** Resolves once the payment is published. Of two at once by one phone the second adds to the first. */
  pay(order: Order): Promise<Payment> {
    return this.mutex.runExclusive(order.phone, () => this.payInTurn(order))
  }

  private async payInTurn({ name, phone, language, plan }: Order): Promise<Payment> {
    const today = new Date().toISOString().slice(0, 10)
    const before = this.customers.paidUntil(phone)
    // Who pays early loses no day.
    const from = before !== null && before > today ? before : today
    const payment: Payment = {
      id: randomUUID(),
      customer: { name, phone, language },
      plan: plan.id,
      amount: plan.price,
      currency: "CNY",
      isNewCustomer: before === null,
      paidUntil: addMonths(from, plan.months),
      at: Date.now(),
    }
    await publish(this.access, payments, payment, { once: payment.id })
    this.customers.setPaidUntil(phone, payment.paidUntil)
    return payment
  }
}
