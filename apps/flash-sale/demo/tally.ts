// Counts what becomes of a crowd.
import type { CrowdProgress } from "./crowd-settings.ts"

const samplesMax = 1000

export class Tally {
  came = 0
  admitted = 0
  won = 0
  paid = 0
  soldOut = 0
  left = 0
  /** Journeys that have ended. */
  ended = 0
  done = false
  private readonly sale: string
  private readonly buyers: number
  private readonly refused = new Map<string, number>()
  private readonly samples: number[] = []
  private next = 0

  constructor(options: { sale: string; buyers: number }) {
    this.sale = options.sale
    this.buyers = options.buyers
  }

  refuse(code: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
  }

  admit(clickToTicketMs: number): void {
    this.admitted += 1
    this.samples[this.next] = clickToTicketMs
    this.next = (this.next + 1) % samplesMax
  }

  get progress(): CrowdProgress {
    const { sale, buyers, came, admitted, won, paid, soldOut, left, done } = this
    return {
      sale,
      buyers,
      came,
      admitted,
      refused: Object.fromEntries(this.refused),
      won,
      paid,
      soldOut,
      left,
      waiting: came - this.ended,
      clickToTicketMs: this.latency(),
      done,
    }
  }

  private latency(): CrowdProgress["clickToTicketMs"] {
    if (this.samples.length === 0) return null
    const sorted = this.samples.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] as number
    return { half: at(0.5), most: at(0.99) }
  }
}
