// Times and numbers in flags.
import { millisecondsOf, timePattern } from "../../config/quantities.ts"
import { UsageError } from "../command.ts"

/** Milliseconds of `500ms`, `30s`, `5m`, `1h`; a bare number is seconds. */
export function readTime(flag: string, text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : timePattern.test(text)
      ? millisecondsOf(text)
      : 0
  if (ms > 0) return ms
  throw new UsageError(`${flag} is a time such as 500ms, 30s or 5m, not "${text}"`)
}

/** 0 is any free one. */
export const portRange = { min: 0, max: 65_535 } as const

export function readWhole(
  flag: string,
  text: string,
  range: { readonly min: number; readonly max: number },
): number {
  const number = Number(text)
  if (/^\d{1,9}$/.test(text) && number >= range.min && number <= range.max) return number
  throw new UsageError(`${flag} is a whole number from ${range.min} to ${range.max}, not "${text}"`)
}
