// A clock of the time in which somebody could listen. A laptop that slept, a process that was stopped, a connection that was
// lost have received nothing, and silence is only what was listened to.

/** A monitor looks so many times while a channel may be silent: an alarm comes at most one such part late. */
const looksPerSilence = 120

/** How often to look, in milliseconds: for a silence of 30 s each 250 ms. */
export const lookEveryMs = (silentMs: number): number =>
  Math.min(250, Math.max(20, silentMs / looksPerSilence))

/** Looks that may be late in a row before the time counts as not listened to. */
const lateLooksMax = 8

export class ListeningClock {
  private readonly gapMsMax: number
  private listenedMs = 0
  private lastMs: number
  private listening = true

  constructor(everyMs: number, nowMs: number) {
    this.gapMsMax = everyMs * lateLooksMax
    this.lastMs = nowMs
  }

  /** Milliseconds listened so far. */
  get ms(): number {
    return this.listenedMs
  }

  /**
   * Goes on to `nowMs`. True when the listening was interrupted since the last call and goes on now: time until then
   * does not count.
   */
  advance(nowMs: number, canListen: boolean): boolean {
    const passedMs = nowMs - this.lastMs
    this.lastMs = nowMs
    const wasListening = this.listening
    this.listening = canListen
    if (!canListen) return false
    const wasAway = !wasListening || passedMs > this.gapMsMax || passedMs < 0
    if (!wasAway) this.listenedMs += passedMs
    return wasAway
  }
}
