// How far this node's clock is from the clock that all nodes are judged by. Knows readings; refuses to know where they come
// from. Tokens, cookies and signatures are still checked by the node's own clock, so an operator must hear of a wrong one.

/** From here on a clock is off: no machine that sets its clock by the network is, and the leeway for tokens (5 s) is not used up yet. */
const offFromMs = 1000

/** Up to here it is right again: less than that is noise on a busy machine. */
const rightUpToMs = 500

/** A clock, read before and after the other clock was asked. */
export interface ClockReading {
  readonly beforeMs: number
  /** What the other clock says. */
  readonly otherMs: number
  readonly afterMs: number
}

export class ClockOffset {
  /** How far this clock is ahead, in milliseconds; negative when it is behind. Null: it was never compared. */
  offsetMs: number | null = null
  private isOff = false
  private readonly onChange: (offsetMs: number, isOff: boolean) => void

  /** `onChange` is called when the clock turns out to be off, and when it is right again. */
  constructor(onChange: (offsetMs: number, isOff: boolean) => void) {
    this.onChange = onChange
  }

  take({ beforeMs, otherMs, afterMs }: ClockReading): void {
    // The answer was made somewhere between the two readings: what it may be wrong by says nothing.
    const uncertainMs = Math.abs(afterMs - beforeMs) / 2
    if (uncertainMs > rightUpToMs) return
    const offsetMs = Math.round((beforeMs + afterMs) / 2 - otherMs)
    this.offsetMs = offsetMs
    const distanceMs = Math.abs(offsetMs)
    const isOff = this.isOff ? distanceMs > rightUpToMs : distanceMs - uncertainMs >= offFromMs
    if (isOff === this.isOff) return
    this.isOff = isOff
    this.onChange(offsetMs, isOff)
  }
}
