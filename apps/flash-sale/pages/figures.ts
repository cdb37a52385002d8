// How numbers look to people: money, times, counts.
import { minorDigits } from "../model/currency.ts"
import { language } from "../../kit/browser/language.ts"

export const count = (value: number): string => value.toLocaleString(language())

/** `amount` in the smallest unit of the currency. */
export function money(amount: number, currency: string): string {
  const digits = minorDigits(currency)
  const format = new Intl.NumberFormat(language(), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return format.format(amount / 10 ** digits)
}

/** The shop's clock is known here within some moments: two minutes must not begin as 02:01. */
const clockErrorMs = 250

/** `1:02:03`, or `02:03` below an hour. Rounded up: what shows 00:00 is over, or as good as. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil((ms - clockErrorMs) / 1000))
  const two = (value: number): string => String(value).padStart(2, "0")
  const clock = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return seconds < 3600 ? clock : `${Math.floor(seconds / 3600)}:${clock}`
}

/** About how long, in words: people plan by it. */
export function duration(seconds: number): string {
  const english = language() === "en"
  if (seconds <= 1) return english ? "a moment" : "片刻"
  if (seconds < 90) return english ? `${Math.ceil(seconds)} seconds` : `${Math.ceil(seconds)} 秒`
  if (seconds < 5400)
    return english ? `${Math.ceil(seconds / 60)} minutes` : `${Math.ceil(seconds / 60)} 分钟`
  return english ? `${Math.ceil(seconds / 3600)} hours` : `${Math.ceil(seconds / 3600)} 小时`
}

const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false } as const

export const clockTime = (at: number): string => new Date(at).toLocaleTimeString(language(), clock)

/** With the day where it is not today's. */
export function startTime(at: number, now: number): string {
  if (new Date(at).toDateString() === new Date(now).toDateString()) return clockTime(at)
  const day = { weekday: "short", month: "short", day: "numeric" } as const
  return new Date(at).toLocaleString(language(), { ...day, ...clock })
}
