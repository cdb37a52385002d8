// What a sale is: its settings as the shop gives them, and its phases.
import { z } from "zod"

export type SalePhase =
  /** Before its start. */
  | "scheduled"
  | "open"
  /** Tickets are taken, nothing is decided. */
  | "paused"
  /** For good. */
  | "closed"

const time = z.int().min(0)
const idPattern = /^[a-z0-9][a-z0-9-]{0,39}$/

const itemSchema = z.strictObject({
  id: z.string().regex(idPattern),
  title: z.string().min(1).max(200),
  stock: z.int().min(1).max(1_000_000),
  /** In the smallest unit of the currency. */
  price: z.int().min(0),
})

/** A sale as the shop describes it. Times are milliseconds since 1970, by the server's clock. */
export const saleSchema = z
  .strictObject({
    id: z.string().regex(idPattern),
    title: z.string().min(1).max(200),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default("CNY"),
    items: z.array(itemSchema).min(1).max(20),
    /**
     * How those in the queue are served: by number; with those who came before the start shuffled at the start; with all who enter
     * until `drawAt` drawn. Later ones stand behind, by number.
     */
    mode: z.enum(["first-come", "shuffle", "lottery"]).default("first-come"),
    startsAt: time,
    /** Shuffle: from when on one may stand before the door. Default: ten minutes before the start. */
    lobbyAt: time.optional(),
    /** Lottery: when the draw is. Default: a minute after the start. */
    drawAt: time.optional(),
    /** The sale closes by itself. Default: never. */
    endsAt: time.optional(),
    /** Tickets that may live at once for an item, as a multiple of its stock. Default 3: two in three may give up or not pay. */
    factor: z.number().min(1).max(1000).default(3),
    /** And for each item some more, so that a sale of three units has a queue at all. Default 100. */
    reserve: z.int().min(0).max(10_000_000).default(100),
    /** How long a winner may take to pay. Default 300. */
    payBySeconds: z.int().min(1).max(86_400).default(300),
    /** How long an offer to the wait-list stands. Default 120. */
    offerSeconds: z.int().min(1).max(86_400).default(120),
    /** A ticket ends after this time, whatever happens. Default 1800. */
    ticketSeconds: z.int().min(1).max(86_400).default(1800),
    /** Tickets decided a second; null is as fast as it goes. */
    inflowPerSecond: z.number().min(0.1).max(1_000_000).nullable().default(null),
    /** Clients spread their first request over this time after the start. Default 500. */
    jitterMs: z.int().min(0).max(60_000).default(500),
  })
  .refine((sale) => new Set(sale.items.map((item) => item.id)).size === sale.items.length, {
    error: "every item has an id of its own",
  })
  .refine((sale) => (sale.drawAt ?? sale.startsAt) >= sale.startsAt, { error: "the draw is after the start" })
  .refine((sale) => (sale.lobbyAt ?? sale.startsAt) <= sale.startsAt, {
    error: "the lobby opens before the start",
  })
  .refine((sale) => (sale.endsAt ?? Infinity) > sale.startsAt, { error: "the end is after the start" })

export type SaleSettings = z.output<typeof saleSchema>

const lobbyMsBefore = 600_000
const drawMsAfter = 60_000

/** When the first ticket may be taken. */
export const entryOpensAt = ({ mode, startsAt, lobbyAt }: SaleSettings): number =>
  mode === "shuffle" ? (lobbyAt ?? startsAt - lobbyMsBefore) : startsAt

/** When the first ticket may be decided: after the shuffle or the draw. */
export const decidesAt = ({ mode, startsAt, drawAt }: SaleSettings): number =>
  mode === "lottery" ? (drawAt ?? startsAt + drawMsAfter) : startsAt

/** A sale that starts at another time; lobby and draw keep their distance from it. */
export function startingAt(settings: SaleSettings, startsAt: number): SaleSettings {
  const { lobbyAt, drawAt } = settings
  const by = startsAt - settings.startsAt
  return {
    ...settings,
    startsAt,
    ...(lobbyAt !== undefined && { lobbyAt: Math.max(0, lobbyAt + by) }),
    ...(drawAt !== undefined && { drawAt: drawAt + by }),
  }
}

/** A sale that has started by now: its time may have come already. The draw keeps its distance from the start. */
export function startingBy(settings: SaleSettings, now: number): SaleSettings {
  const startsAt = Math.min(now, settings.startsAt)
  const drawAt =
    settings.mode === "lottery" ? startsAt + (decidesAt(settings) - settings.startsAt) : undefined
  const lobbyAt = Math.min(startsAt, settings.lobbyAt ?? startsAt)
  return { ...settings, startsAt, lobbyAt, ...(drawAt !== undefined && { drawAt }) }
}
