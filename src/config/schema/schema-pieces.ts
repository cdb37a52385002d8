// Pieces that the schemas share: sizes within a range, times, lists of texts, and the sentences that refuse others.
import { z } from "zod"
import { bytesOf, millisecondsOf, sizePattern, timePattern } from "../quantities.ts"

export interface Range {
  readonly min: number
  readonly max?: number
}

/** A sentence that refuses what is outside a range. */
export const outOf = (what: string, { min, max }: Range): string =>
  max === undefined ? `must be at least ${min} ${what}` : `must be ${min} to ${max} ${what}`

export const within =
  ({ min, max = Number.MAX_SAFE_INTEGER }: Range) =>
  (value: number): boolean =>
    value >= min && value <= max

const sizeError = 'must be a size: a number of bytes, or a text such as "64KB" or "1MB"'

/** Bytes, as a number or as a text with a unit. */
export const size = (range: Range) =>
  z
    .union([z.int().min(0), z.string().regex(sizePattern, { error: sizeError })], { error: sizeError })
    .transform(bytesOf)
    .refine(within(range), { error: outOf("bytes", range) })

/** Milliseconds, of a number of seconds or a text with a unit. `examples` end the sentence that refuses others. */
export function milliseconds(examples: string) {
  const error = `must be a time: a number of seconds, or a text such as ${examples}`
  return z
    .union([z.number().min(0), z.string().regex(timePattern, { error })], { error })
    .transform(millisecondsOf)
}

/** One text, or a list of them. */
export const texts = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: "must be a text or a list of texts",
  })
  .transform((given) => (typeof given === "string" ? [given] : given))
