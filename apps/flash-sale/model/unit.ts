// The life of a unit of stock, and the count of an item's units by state. Counts move one unit at a time along the table,
// so they always add up to the total.
import { type Machine, next } from "./machine.ts"

type UnitState = "available" | "held" | "sold"

export type UnitEvent =
  /** An order is made for it. */
  | "hold"
  /** The order ended without money. */
  | "release"
  /** The order was paid. */
  | "sell"
  /** A paid order was refunded. */
  | "take_back"

const unitMachine: Machine<UnitState, UnitEvent> = {
  available: { hold: "held", release: "never", sell: "never", take_back: "never" },
  held: { hold: "never", release: "available", sell: "sold", take_back: "never" },
  sold: { hold: "never", release: "never", sell: "never", take_back: "available" },
}

/** An item's units by state. */
export interface UnitCounts {
  readonly total: number
  available: number
  held: number
  sold: number
}

const from: { readonly [E in UnitEvent]: UnitState } = {
  hold: "available",
  release: "held",
  sell: "held",
  take_back: "sold",
}

/** Moves one unit. Throws when there is none in the state that the event starts from. */
export function moveUnit(counts: UnitCounts, event: UnitEvent): void {
  const source = from[event]
  if (counts[source] < 1) throw new RangeError(`${event}: no unit is ${source}`)
  counts[source] -= 1
  counts[next(unitMachine, source, event)] += 1
}

/** Nothing to be had now, and nothing that could come back by itself: the only time when waiting is hopeless. */
export const isGone = (counts: UnitCounts): boolean => counts.available === 0 && counts.held === 0
