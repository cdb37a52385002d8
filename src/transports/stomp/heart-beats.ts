// The heart-beats of one connection, both ways, on the timer wheel. Knows when, not what a beat is made of.
import type { Beats } from "../../protocols/stomp/heart-beat.ts"
import type { Timed, TimerWheel } from "../timer-wheel.ts"

/**
 * A client is taken for gone when it was silent for at least so many times what it had promised, and at most once more: timers and
 * networks are late (1.2, "Heart-beating").
 */
const patience = 2

/** A beat goes out this much before it is due: the wheel is late by up to a tenth of a second. */
const marginMs = 200

/** Calls `act` again and again, until it is stopped. */
class Repeated implements Timed {
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  private readonly wheel: TimerWheel
  private readonly everyMs: number
  private readonly act: () => void
  private isOver = false

  constructor(wheel: TimerWheel, everyMs: number, act: () => void) {
    this.wheel = wheel
    this.everyMs = everyMs
    this.act = act
    wheel.add(this, everyMs)
  }

  onDue(): void {
    this.act()
    if (!this.isOver) this.wheel.add(this, this.everyMs)
  }

  stop(): void {
    this.isOver = true
    this.wheel.remove(this)
  }
}

interface HeartBeatOptions {
  readonly wheel: TimerWheel
  readonly beats: Beats
  readonly send: () => void
  /** The client has not kept its promise. */
  readonly onSilence: () => void
}

export class HeartBeats {
  private readonly timers: Repeated[] = []
  /** How often it was looked since something came. */
  private silentLooks = 0

  constructor({ wheel, beats, send, onSilence }: HeartBeatOptions) {
    const { incomingMs, outgoingMs } = beats
    if (outgoingMs > 0) this.timers.push(new Repeated(wheel, Math.max(marginMs, outgoingMs - marginMs), send))
    if (incomingMs > 0)
      this.timers.push(
        new Repeated(wheel, incomingMs, () => {
          if (++this.silentLooks > patience) onSilence()
        }),
      )
  }

  /** Anything that comes is a sign of life. */
  hear(): void {
    this.silentLooks = 0
  }

  stop(): void {
    for (const timer of this.timers) timer.stop()
  }
}
