// Reads the query of a backend request: only what the route declares, each once. Pages of a list have two names of their
// own, the same everywhere.
import { z } from "zod"
import { LabaError } from "../../../../wire/error.ts"
import type { Limits } from "../../../../wire/limits.ts"
import { once, queryFields } from "../../query-fields.ts"
import type { Call, QueryParameter } from "../backend.ts"

/** Items in a page, unless asked otherwise; and at most: each costs a few microseconds, and a page must not hold the loop. */
const itemsUsual = 100
const itemsMax = 1000

/** The parameters of every list. */
export const pageQuery = {
  limit: {
    description: `How many at most, 1 to ${itemsMax}. A page may be shorter, even empty, and still have a \`next\`.`,
    schema: z.int().min(1).max(itemsMax).default(itemsUsual),
  },
  cursor: { description: "`next` of the page before; the first page has none.", schema: z.string() },
} as const satisfies Record<string, QueryParameter>

/** Throws `query_too_long` and `bad_query`. */
export function readQuery(
  search: string,
  declared: Readonly<Record<string, QueryParameter>>,
  limits: Pick<Limits, "queryBytesMax">,
): Readonly<Record<string, string>> {
  const query: Record<string, string> = {}
  for (const { name, value } of queryFields(search, Object.keys(declared), limits))
    query[name] = once(name, query[name], value)
  for (const [name, { required }] of Object.entries(declared)) {
    if (required && query[name] === undefined) throw bad(`\`${name}\` is needed here.`)
  }
  return query
}

/** Throws `bad_query`. */
export function limitOf({ query }: Call): number {
  const text = query["limit"]
  if (text === undefined) return itemsUsual
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= itemsMax) return limit
  throw bad(`\`limit\` is a whole number from 1 to ${itemsMax}.`)
}

export const cursorOf = ({ query }: Call): string | null => query["cursor"] ?? null

/** Throws `bad_query` for what is neither `true` nor `false`. */
export function truthOf({ query }: Call, name: string): boolean {
  const text = query[name] ?? "false"
  if (text === "true" || text === "false") return text === "true"
  throw bad(`\`${name}\` is true or false.`)
}

const bad = (detail: string): LabaError => new LabaError("bad_query", detail)
