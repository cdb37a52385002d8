// What a buyer sees, as a function of what is known: the sale, its standing, the ticket, the click that is under way, and
// the server's clock. Pure; every state of a ticket and of an order has its scene, or this does not compile.
import type { OrderState } from "../../model/order.ts"
import { positionOf } from "../../model/estimate.ts"
import type { TicketRecord } from "../../model/wire/api.ts"
import { isWaiting, type TicketState } from "../../model/ticket.ts"
import type { SaleView, SaleSnapshot as Standing } from "../../model/wire/api.ts"
import { chosenItem, hasAnyLeft, standingOf } from "./chosen-item.ts"
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
  /** Every unit is held by somebody who may still pay: one can stand in line for what comes back. */
  | "held"
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
  /** Whether the shop has said what this buyer holds. Before that nobody is asked to buy: they may hold a unit. */
  readonly isTicketKnown: boolean
  /** Place on the wait-list, as far as it is known. */
  readonly waitPlace: number | null
  readonly click: Click
  /** The item that this buyer has chosen, or was given to begin with; null where nothing is known of it yet. */
  readonly wanted: string | null
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
  /** In the queue, or on the wait-list. */
  readonly position: number | null
  /** What it is about: of a ticket its item, else the one that a click would buy; null where one must be chosen first. */
  readonly item: string | null
  /** One may click, for the first time or again. */
  readonly mayEnter: boolean
}

export function sceneOf(facts: Facts): Scene {
  const { sale, standing, ticket, click, isTaken, isTicketKnown } = facts
  if (sale === undefined) return scene("loading")
  if (sale === null) return scene("missing")
  const chosen = { item: chosenItem(facts) }
  const clicked = { item: facts.wanted ?? chosen.item }
  // A click that is under way is newer than any ticket that has ended.
  if (click.kind === "entering" && !isTaken) return scene("entering", clicked)
  if (click.kind === "knocking" && !isTaken) return scene("knocking", { ...clicked, until: click.againAt })
  if (click.kind === "refused" && !isTaken)
    return scene("refused", { ...chosen, mayEnter: isOpen(facts, sale) && click.mayRetry })
  if (ticket) return ofTicket(facts, sale, ticket)
  const phase = standing?.phase ?? "scheduled"
  // Nobody holds a ticket before anybody may enter.
  if (phase !== "closed" && facts.now < sale.entryOpensAt)
    return scene("countdown", { ...chosen, until: sale.entryOpensAt })
  if (!isTicketKnown) return scene("loading")
  if (phase === "closed") return scene("closed")
  if (!hasAnyLeft(facts)) return scene("gone", chosen)
  if (facts.now < sale.startsAt) return scene("lobby", { ...chosen, until: sale.startsAt, mayEnter: true })
  const isHeld = standingOf(facts, chosen.item)?.available === 0
  return scene(isHeld ? "held" : "open", { ...chosen, mayEnter: true })
}

const scene = (name: SceneName, more: Partial<Scene> = {}): Scene => ({
  name,
  until: null,
  number: null,
  position: null,
  item: null,
  mayEnter: false,
  ...more,
})

function ofTicket(facts: Facts, sale: SaleView, ticket: TicketRecord): Scene {
  const { number, order, item } = ticket
  if (isWaiting(ticket.state)) return waiting(facts, sale, ticket)
  const name = order ? sceneOfOrder[order.state] : sceneOfTicket[ticket.state]
  if (order?.state === "pending") {
    if (facts.now >= order.payBy) return scene("settling", { number, item })
    return scene(order.offer ? "offered" : "won", { number, item, until: order.payBy })
  }
  const mayEnter = canComeAgain.has(name) && isOpen(facts, sale)
  return scene(name, { number, item: mayEnter ? chosenItem(facts) : item, mayEnter })
}

function waiting(facts: Facts, sale: SaleView, { state, number, turn, item }: TicketRecord): Scene {
  const { standing, waitPlace } = facts
  if (state === "waitlisted") return scene("waitlisted", { number, item, position: waitPlace })
  if (turn === null && sale.mode !== "first-come")
    return scene("drawing", { number, item, until: sale.decidesAt })
  const position = turn !== null && standing ? positionOf(turn, standing) : null
  return scene("queued", { number, item, position })
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

const isOpen = (facts: Facts, sale: SaleView): boolean =>
  facts.standing?.phase !== "closed" && hasAnyLeft(facts) && facts.now >= sale.entryOpensAt
