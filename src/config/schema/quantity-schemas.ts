// Pieces of the schema that are made of quantities: sizes within a range, and the sentences that refuse others.
import { z } from "zod"
import { bytesOf, sizePattern } from "../quantities.ts"

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
