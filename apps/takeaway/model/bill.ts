// A bill's life: who may do what to it and when. Everything that changes a bill asks here first; a bill that has ended
// does not change.

export type BillState = "placed" | "seen" | "accepted" | "cooking" | "handed" | "refused" | "cancelled"

/** What can be done to a bill, by the kitchen, the customer or the clock. */
export type Act = "see" | "accept" | "cook" | "hand" | "refuse" | "cancel" | "lapse"

interface Step {
  readonly by: "kitchen" | "customer" | "clock"
  readonly from: readonly BillState[]
  readonly to: BillState
}

export const steps: Readonly<Record<Act, Step>> = {
  // The acknowledgement: somebody in the kitchen has looked at it. The ringing stops on every kitchen page.
  see: { by: "kitchen", from: ["placed"], to: "seen" },
  accept: { by: "kitchen", from: ["placed", "seen"], to: "accepted" },
  cook: { by: "kitchen", from: ["accepted"], to: "cooking" },
  hand: { by: "kitchen", from: ["cooking"], to: "handed" },
  refuse: { by: "kitchen", from: ["placed", "seen", "accepted", "cooking"], to: "refused" },
  // Only what nobody has begun to work on.
  cancel: { by: "customer", from: ["placed", "seen"], to: "cancelled" },
  // Nobody has looked, or nobody has said how it went on: else it would be under way for ever.
  lapse: { by: "clock", from: ["placed", "seen", "accepted", "cooking"], to: "refused" },
}

/** Bills are counted from 1 on; everything else is the number of none, and some databases refuse to look for it. */
export const isBillNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 1

/** Why a bill was refused: one of ours, or the kitchen's own words. */
export const reasons = ["sold_out", "too_busy", "too_far", "closing", "no_answer", "forgotten"] as const

/** Reasons that are the clock's to give: nobody has ever looked, and nobody has said more about it for hours. */
export const clockReasons = ["no_answer", "forgotten"] as const satisfies readonly (typeof reasons)[number][]

export const reasonCharactersMax = 100

const ended: readonly BillState[] = ["handed", "refused", "cancelled"]

export const hasEnded = (state: BillState): boolean => ended.includes(state)

/** States of bills that somebody still waits for. */
export const liveStates: readonly BillState[] = ["placed", "seen", "accepted", "cooking"]

/** What an act makes of a state: the next one, `already` when it is done, `not_now` when it cannot be. */
export function stepFrom(state: BillState, act: Act): BillState | "already" | "not_now" {
  const { from, to } = steps[act]
  if (from.includes(state)) return to
  return state === to ? "already" : "not_now"
}

/** Whether the kitchen may ask for it. */
export function isKitchenAct(text: string): text is Act {
  return Object.hasOwn(steps, text) && steps[text as Act].by === "kitchen"
}

export interface BillDish {
  readonly dish: string
  readonly zh: string
  readonly en: string
  /** Cents, of one. */
  readonly price: number
  readonly count: number
}

/** A bill as it is shown and told: whole each time, so of two the one with the higher `version` counts. */
export interface BillRecord {
  readonly bill: number
  /** What is called out: short, counted per shop. */
  readonly number: number
  readonly shop: string
  readonly version: number
  readonly state: BillState
  readonly dishes: readonly BillDish[]
  /** Cents. */
  readonly total: number
  readonly note: string
  readonly name: string
  readonly address: string
  readonly telephone: string
  /** Which kitchen did the last act. */
  readonly by: string | null
  readonly reason: string | null
  /** How often the kitchen was reminded because nobody had looked. */
  readonly reminders: number
  /** Epoch milliseconds. */
  readonly placedAt: number
  readonly changedAt: number
}
