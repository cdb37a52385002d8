// A shop as everybody sees it, and how long we wait for whom. Times are settings so that tests need not wait.

import type { MenuDish } from "./menu.ts"

/** Told whenever a shop opens or closes; of two the one with the higher `version` counts. */
export interface ShopRecord {
  readonly shop: string
  readonly zh: string
  readonly en: string
  readonly isOpen: boolean
  readonly version: number
}

export interface ShopWithMenu extends ShopRecord {
  readonly dishes: readonly MenuDish[]
}

export interface Timeouts {
  /** Nobody has looked at a bill for so long: the kitchen is rung again, louder, and the customer is told. Default 30 s. */
  readonly remindMs: number
  /** Nobody has looked at it at all: the bill ends as refused, so that nobody waits for ever. Default 10 min. */
  readonly lapseMs: number
  /** Nobody has said more about a bill under way for so long: it ends, so that forgotten ones do not fill the rail. Default 4 h. */
  readonly forgetMs: number
  /** A shop whose last kitchen has gone stays open for so long: a reload or a tunnel is not the end of the day. Default 30 s. */
  readonly graceMs: number
}

export const defaultTimeouts: Timeouts = {
  remindMs: 30_000,
  lapseMs: 600_000,
  forgetMs: 4 * 3_600_000,
  graceMs: 30_000,
}
