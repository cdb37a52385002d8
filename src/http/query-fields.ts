// The fields of a query as text. What is in them is checked by who asked for them.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import { decodeUtf8 } from "./body/payload.ts"
import { readFields } from "./body/urlencoded.ts"

const encoder = new TextEncoder()

/** Those with one of these names, in order; with or without the query's `?`. Throws `query_too_long` and `bad_query`. */
export function queryFields(
  search: string,
  names: readonly string[],
  { queryBytesMax }: Pick<Limits, "queryBytesMax">,
): { readonly name: string; readonly value: string }[] {
  const text = search.startsWith("?") ? search.slice(1) : search
  const bytes = text.length > queryBytesMax ? null : encoder.encode(text)
  if (!bytes || bytes.length > queryBytesMax)
    throw new LabaError("query_too_long", `A query has at most ${queryBytesMax} bytes.`)
  const fields = readFields(bytes, names)
  if (!fields || !text.isWellFormed())
    throw new LabaError("bad_query", "In a query each `%` is followed by two hexadecimal digits.")
  return fields.map(({ name, value }) => {
    const decoded = decodeUtf8(value)
    if (decoded === null) throw new LabaError("bad_query", `\`${name}\` is not UTF-8.`)
    return { name, value: decoded }
  })
}

/** What a field is given as, unless it was given before. Throws `bad_query`. */
export function once(name: string, before: string | null | undefined, given: string): string {
  if (before !== null && before !== undefined)
    throw new LabaError("bad_query", `\`${name}\` is there more than once.`)
  return given
}
