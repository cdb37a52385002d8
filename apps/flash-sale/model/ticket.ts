// The life of a ticket: what it can be, and what each event makes of it. A ticket ends in exactly one way; what becomes
// of the order of one that won is the order's story.
import { type Machine, terminalStates } from "./machine.ts"

export type TicketState =
  /** It has a number, is on disk and waits for its turn. */
  | "queued"
  /** Its turn came when every unit was held by somebody who may yet not pay. */
  | "waitlisted"
  /** A unit was held for it, and there is an order to pay. */
  | "won"
  /** No unit is left and none can come back to it. */
  | "sold_out"
  /** Its deadline passed before it was decided. */
  | "expired"
  /** The buyer left the queue. */
  | "left"
  /** The shop closed the sale before its turn. */
  | "rejected"
  /** It could not be decided, however often that was tried. */
  | "failed"

export type TicketEvent = "win" | "wait" | "lose" | "timeout" | "leave" | "close" | "fail"

/** Nothing changes the end of a ticket; a decision about one that has ended is a bug. */
const ended = {
  win: "never",
  wait: "never",
  lose: "never",
  timeout: "same",
  leave: "same",
  close: "same",
  fail: "never",
} as const

export const ticketMachine: Machine<TicketState, TicketEvent> = {
  queued: {
    win: "won",
    wait: "waitlisted",
    lose: "sold_out",
    timeout: "expired",
    leave: "left",
    close: "rejected",
    fail: "failed",
  },
  waitlisted: {
    win: "won",
    wait: "never",
    lose: "sold_out",
    timeout: "expired",
    leave: "left",
    close: "rejected",
    fail: "failed",
  },
  won: ended,
  sold_out: ended,
  expired: ended,
  left: ended,
  rejected: ended,
  failed: ended,
}

export const ticketEnds = terminalStates(ticketMachine)

/** Whether somebody is still waiting with it. */
export const isWaiting = (state: TicketState): boolean => state === "queued" || state === "waitlisted"
