// Reads an order out of whatever was posted: ours, or one of the two shapes that pages of the first desk sent. What
// comes out is one shape, checked; nothing behind it looks at the body again.

interface OrderLine {
  readonly dish: string
  readonly count: number
}

export interface Order {
  readonly shop: string
  readonly name: string
  readonly address: string
  readonly telephone: string
  readonly note: string
  readonly lines: readonly OrderLine[]
}

/** What of an order something is said of; `order` is all of it. */
export type OrderField = keyof typeof charactersMax | "order"

/** Why a body is no order: something is empty, or something is wrong. `detail` is for people. */
export interface NoOrder {
  readonly wrong: "empty" | "malformed"
  readonly field: OrderField
  readonly detail: string
}

/** Bounds, so that no bill fills a screen or the disk. The names are those of the error texts. */
const charactersMax = { shop: 50, name: 50, address: 200, telephone: 30, note: 200, dish: 50 } as const
const linesMax = 30
const countMax = 99

/**
 * Takes `{shop, name, address, telephone, note, dishes: [{dish, count}]}`, and from the first desk
 * `{shop_name, user, addr, telephone, dish}` with one dish and `{…, dishList: [{dish}]}` with several.
 */
export function readOrder(body: unknown): Order | NoOrder {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return { wrong: "malformed", field: "order", detail: "An order is a JSON object." }
  const given = body as Record<string, unknown>
  try {
    return {
      shop: text(given["shop"] ?? given["shop_name"], "shop"),
      name: text(given["name"] ?? given["user"], "name"),
      address: text(given["address"] ?? given["addr"], "address"),
      telephone: telephone(given["telephone"]),
      note: given["note"] === undefined ? "" : bounded(given["note"], "note"),
      lines: lines(given["dishes"] ?? given["dishList"] ?? given["dish"]),
    }
  } catch (error) {
    if (error instanceof Wrong) return { wrong: error.wrong, field: error.field, detail: error.message }
    throw error
  }
}

class Wrong extends Error {
  override readonly name = "Wrong"
  readonly wrong: NoOrder["wrong"]
  readonly field: OrderField

  constructor(wrong: NoOrder["wrong"], field: OrderField, detail: string) {
    super(detail)
    this.wrong = wrong
    this.field = field
  }
}

type Field = keyof typeof charactersMax

function text(value: unknown, field: Field): string {
  const found = value === undefined || value === null ? "" : bounded(value, field)
  if (found === "") throw new Wrong("empty", field, `The ${field} is missing.`)
  return found
}

function bounded(value: unknown, field: Field): string {
  // Pages of the first desk sent telephone numbers as they came, sometimes as numbers.
  const found = (typeof value === "number" ? String(value) : value) as unknown
  if (typeof found !== "string") throw new Wrong("malformed", field, `The ${field} is a text.`)
  // No line breaks and no invisible controls: this is read aloud, and printed on one line of the raw push.
  const clean = found.replace(/\p{Cc}+/gu, " ").trim()
  if (clean.length > charactersMax[field])
    throw new Wrong("malformed", field, `The ${field} has at most ${charactersMax[field]} characters.`)
  return clean
}

function telephone(value: unknown): string {
  const found = text(value, "telephone")
  if (!/^\+?[\d\s()-]{3,}$/.test(found))
    throw new Wrong("malformed", "telephone", "This is no telephone number.")
  return found
}

/** The same dish on two lines is one line with both: so a bill looks the same however it was clicked together. */
function lines(value: unknown): OrderLine[] {
  const given: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  if (given.length > linesMax) throw new Wrong("malformed", "dish", `A bill has at most ${linesMax} dishes.`)
  const counts = new Map<string, number>()
  for (const one of given) {
    const line = (typeof one === "object" && one !== null ? one : { dish: one }) as Record<string, unknown>
    const dish = text(line["dish"], "dish")
    const count = (counts.get(dish) ?? 0) + countOf(line["count"] ?? 1)
    if (count > countMax) throw new Wrong("malformed", "dish", `At most ${countMax} of one dish.`)
    counts.set(dish, count)
  }
  if (counts.size === 0) throw new Wrong("empty", "dish", "The dish is missing.")
  return [...counts].map(([dish, count]) => ({ dish, count }))
}

function countOf(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value
  throw new Wrong("malformed", "dish", "How many of a dish is a whole number from 1 on.")
}
