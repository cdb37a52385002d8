// What is asked of a crowd of synthetic buyers, and what it tells of itself.
import { z } from "zod"
import type { Weather } from "./simulated-trades.ts"

const share = z.number().min(0).max(1)

export const crowdSettingsSchema = z.strictObject({
  /** Default 10,000. */
  buyers: z.int().min(1).max(20_000).default(10_000),
  /** They come within so many seconds, evenly. Default 5. */
  withinSeconds: z.number().min(0.1).max(600).default(5),
  /** Of those who win: pay. Default 0.8. */
  pay: share.default(0.8),
  /** Of those who win: give the order back. The rest of them let it run out. Default 0.1. */
  giveBack: share.default(0.1),
  /** Of those who wait: leave the queue. Default 0.03. */
  leave: share.default(0.03),
})

export type CrowdSettings = z.output<typeof crowdSettingsSchema>

const count = z.int().min(0)

export const crowdProgressSchema = z.strictObject({
  sale: z.string(),
  buyers: count,
  /** Who has clicked. */
  came: count,
  admitted: count,
  /** Who gave up at the door, by the code that turned them away. */
  refused: z.record(z.string(), count),
  won: count,
  paid: count,
  soldOut: count,
  left: count,
  /** Still waiting for a word or for their money. */
  waiting: count,
  /** Milliseconds from click to ticket, of the last thousand: half of them, and 99 in 100. */
  clickToTicketMs: z.object({ half: z.number(), most: z.number() }).nullable(),
  done: z.boolean(),
  /** When the shop heard of it. */
  heardAt: z.number().optional(),
  /** Whether it ended before its time, or has not been heard of for too long. */
  brokeOff: z.boolean().optional(),
})

export type CrowdProgress = z.output<typeof crowdProgressSchema>

/** What the operator sees of the demo. */
export interface DemoView {
  readonly bornAt: number
  readonly weather: Weather | null
  readonly crowd: CrowdProgress | null
}
