// What a payment is, and what can be bought. Pure.

type Language = "en" | "zh-CN"

export interface Plan {
  readonly id: "month" | "quarter" | "year"
  readonly name: Readonly<Record<Language, string>>
  readonly months: number
  /** In fen. */
  readonly price: number
}

export const plans: readonly Plan[] = [
  { id: "month", name: { en: "One month", "zh-CN": "一个月" }, months: 1, price: 30_00 },
  { id: "quarter", name: { en: "Three months", "zh-CN": "三个月" }, months: 3, price: 81_00 },
  { id: "year", name: { en: "One year", "zh-CN": "一年" }, months: 12, price: 298_00 },
]

/** A payment as it is published. */
export interface Payment {
  readonly id: string
  readonly customer: { readonly name: string; readonly phone: string; readonly language: Language }
  readonly plan: Plan["id"]
  /** In fen. */
  readonly amount: number
  readonly currency: "CNY"
  /** Whether this customer has never paid before. */
  readonly isNewCustomer: boolean
  /** The last day that is paid for, `2027-01-31`. */
  readonly paidUntil: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The same day so many months later; the last of the month where there is no such day. */
export function addMonths(day: string, months: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number]
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10)
}

/** `¥298.00` */
export const money = (fen: number): string => `¥${(fen / 100).toFixed(2)}`
