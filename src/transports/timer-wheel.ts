// One timer for everything that waits: heartbeats, held polls, the ends of streams. A slot is 100 ms, so that what is
// due at once stays small: a ping is a system call of about 10 µs, and a second's worth of 100,000 connections would
// hold the loop for 40 ms. Knows nothing of what it wakes.

const slotMs = 100

/** A turn of the wheel: 51.2 s, longer than any heartbeat or poll. What is due later passes its slot until it is due. */
const slots = 512

export interface Timed {
  /** Its slot in the wheel, -1 when it is in none. Written by the wheel alone, like the two below. */
  wheelSlot: number
  wheelIndex: number
  /** The tick it is due at. */
  dueTick: number
  /** Called once when it is due; it is no longer in the wheel then. */
  onDue(): void
}

export class TimerWheel {
  private readonly wheel: Timed[][] = Array.from({ length: slots }, () => [])
  private tick = 0
  private readonly startedMs: number
  private readonly now: () => number
  private readonly timer: ReturnType<typeof setInterval> | null

  /** `now` in monotonic milliseconds. With `manual`, only `turn` moves the wheel. */
  constructor(options: { readonly now?: () => number; readonly manual?: boolean } = {}) {
    this.now = options.now ?? (() => performance.now())
    this.startedMs = this.now()
    this.timer = options.manual ? null : setInterval(() => this.turn(), slotMs)
    this.timer?.unref()
  }

  /** Wakes `timed` once, `delayMs` from now: never before, at most a slot after. It must not be in the wheel. */
  add(timed: Timed, delayMs: number): void {
    // From the clock and not from the tick, which is behind it by a slot, and by more where the loop was held.
    const dueMs = this.now() - this.startedMs + delayMs
    timed.dueTick = Math.max(this.tick + 1, Math.ceil(dueMs / slotMs))
    this.place(timed)
  }

  remove(timed: Timed): void {
    // One that is due in this very turn has left its slot already; without a due tick it is passed over.
    timed.dueTick = -1
    if (timed.wheelSlot < 0) return
    const slot = this.wheel[timed.wheelSlot] as Timed[]
    const last = slot.pop() as Timed
    if (last !== timed) {
      slot[timed.wheelIndex] = last
      last.wheelIndex = timed.wheelIndex
    }
    timed.wheelSlot = -1
  }

  /** Wakes whatever is due by now. */
  turn(): void {
    const target = Math.floor((this.now() - this.startedMs) / slotMs)
    while (this.tick < target) {
      this.tick++
      const index = this.tick % slots
      const due = this.wheel[index] as Timed[]
      if (due.length === 0) continue
      this.wheel[index] = []
      for (const timed of due) timed.wheelSlot = -1
      for (const timed of due) {
        // One that an earlier one removed or moved is in another slot, or in none and not due.
        if (timed.wheelSlot >= 0 || timed.dueTick < 0) continue
        if (timed.dueTick > this.tick) this.place(timed)
        else {
          timed.dueTick = -1
          timed.onDue()
        }
      }
    }
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
  }

  private place(timed: Timed): void {
    timed.wheelSlot = timed.dueTick % slots
    const slot = this.wheel[timed.wheelSlot] as Timed[]
    timed.wheelIndex = slot.length
    slot.push(timed)
  }
}
