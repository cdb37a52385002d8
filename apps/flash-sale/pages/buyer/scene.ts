// What a buyer sees, as a function of what is known: the sale, its standing, the ticket, the click that is under way, and
// the server's clock. Pure; every state of a ticket and of an order has its scene, or this does not compile.
import type { OrderState } from "../../model/order.ts"
import { positionOf } from "../../model/estimate.ts"
import type { TicketRecord } from "../../model/record.ts"
import { isWaiting, type TicketState } from "../../model/ticket.ts"
import type { SaleView, Standing } from "../views.ts"
import type { Click } from "./click.ts"

export type SceneName =
  /** Nothing is known yet. */
  | "loading"
  | "missing"
  /** Before anybody may enter. */
  | "countdown"
  /** Before the start, but one may stand at the door: the order is drawn at the start. */
  | "lobby"
  | "open"
  /** The click is on its way; it ends in a ticket or a refusal. */
  | "entering"
  /** The door said: later. It is tried again by itself. */
  | "knocking"
  | "refused"
  /** In the queue, and the order of service is still to be drawn. */
  | "drawing"
  | "queued"
  | "waitlisted"
  | "won"
  /** Won by what somebody else gave back. */
  | "offered"
  /** The time to pay is over, and the payment provider is asked for the last word. */
  | "settling"
  | "paid"
  | "unpaid"
  | "cancelled"
  | "refunding"
  | "refunded"
  | "lost"
  | "expired"
  | "left"
  | "rejected"
  | "failed"
  /** Every unit is sold, and this buyer never stood in the queue. */
  | "gone"
  | "closed"

export interface Facts {
  /** Null: there is none of this name. Undefined: not known yet. */
  readonly sale: SaleView | null | undefined
  readonly standing: Standing | null
  readonly ticket: TicketRecord | null
  readonly click: Click
  /** The server's clock. */
  readonly now: number
  /** Whether a live ticket of this buyer stands in the way of another click. */
  readonly isTaken: boolean
}

export interface Scene {
  readonly name: SceneName
  /** What the big display counts down to, by the server's clock. */
  readonly until: number | null
  readonly number: number | null
  readonly position: number | null
  /** One may click, for the first time or again. */
  readonly mayEnter: boolean
}

export function sceneOf(facts: Facts): Scene {
  const { sale, standing, ticket, click } = facts
  if (sale === undefined) return scene("loading")
  if (sale === null) return scene("missing")
  // A click that is under way is newer than any ticket that has ended.
  if (click.kind === "entering" && !facts.isTaken) return scene("entering")
  if (click.kind === "knocking" && !facts.isTaken) return scene("knocking", { until: click.againAt })
  if (click.kind === "refused" && !facts.isTaken)
    return scene("refused", { mayEnter: isOpen(facts, sale) && click.mayRetry })
  if (ticket) return ofTicket(facts, sale, ticket)
  const phase = standing?.phase ?? "scheduled"
  if (phase === "closed") return scene("closed")
  if (isGone(standing)) return scene("gone")
  if (facts.now < sale.entryOpensAt) return scene("countdown", { until: sale.entryOpensAt })
  if (facts.now < sale.startsAt) return scene("lobby", { until: sale.startsAt, mayEnter: true })
  return scene("open", { mayEnter: true })
}

const scene = (name: SceneName, more: Partial<Scene> = {}): Scene => ({
  name,
  until: null,
  number: null,
  position: null,
  mayEnter: false,
  ...more,
})

function ofTicket(facts: Facts, sale: SaleView, ticket: TicketRecord): Scene {
  const { number, order } = ticket
  if (isWaiting(ticket.state)) return waiting(facts, sale, ticket)
  const name = order ? sceneOfOrder[order.state] : sceneOfTicket[ticket.state]
  if (order?.state === "pending") {
    if (facts.now >= order.payBy) return scene("settling", { number })
    return scene(order.offer ? "offered" : "won", { number, until: order.payBy })
  }
  // A standing that is older than the word "sold out" does not know of it yet.
  const isStale = name === "lost" && (facts.standing?.at ?? 0) <= ticket.at
  return scene(name, { number, mayEnter: canComeAgain.has(name) && isOpen(facts, sale) && !isStale })
}

function waiting({ standing }: Facts, sale: SaleView, { state, number, turn }: TicketRecord): Scene {
  if (state === "waitlisted") return scene("waitlisted", { number })
  if (turn === null && sale.mode !== "first-come") return scene("drawing", { number, until: sale.decidesAt })
  const position = turn !== null && standing ? positionOf(turn, standing) : null
  return scene("queued", { number, position })
}

const sceneOfTicket: Readonly<Record<TicketState, SceneName>> = {
  queued: "queued",
  waitlisted: "waitlisted",
  // Its order says more; without one the record is on its way.
  won: "won",
  sold_out: "lost",
  expired: "expired",
  left: "left",
  rejected: "rejected",
  failed: "failed",
}

const sceneOfOrder: Readonly<Record<OrderState, SceneName>> = {
  pending: "won",
  paid: "paid",
  expired: "unpaid",
  cancelled: "cancelled",
  refund_due: "refunding",
  refunded: "refunded",
}

/** After these one may try again, while there is anything to be had. */
const canComeAgain: ReadonlySet<SceneName> = new Set<SceneName>([
  "unpaid",
  "cancelled",
  "refunding",
  "refunded",
  "lost",
  "expired",
  "left",
  "failed",
])

const isGone = (standing: Standing | null): boolean =>
  standing !== null && standing.items.every((item) => item.gone)

const isOpen = ({ standing, now }: Facts, sale: SaleView): boolean =>
  standing?.phase !== "closed" && !isGone(standing) && now >= sale.entryOpensAt
