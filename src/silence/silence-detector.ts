// Whether one channel is silent. Pure: it is told what was heard and what time it is, by a clock that stands still while
// nobody could listen (listening-clock.ts).

export class SilenceDetector {
  isSilent = false
  private readonly silentMs: number
  private heardAtMs: number
  /** Since then nothing has disturbed the listening. */
  private undisturbedSinceMs: number

  /** Begins as if it had been heard just now: a start is no reason for an alarm. */
  constructor(silentMs: number, nowMs: number) {
    this.silentMs = silentMs
    this.heardAtMs = nowMs
    this.undisturbedSinceMs = nowMs
  }

  /** How long nothing was heard. */
  silentForMs(nowMs: number): number {
    return nowMs - this.heardAtMs
  }

  /** A message came. True when that ends a silence that was alarmed about. */
  heard(nowMs: number): boolean {
    const wasSilent = this.isSilent
    this.isSilent = false
    this.heardAtMs = nowMs
    return wasSilent
  }

  /**
   * The listening was interrupted and goes on: a lost connection, an engine that was away, a machine that slept. What made
   * it stop has often made the channel stop too, and it gets the time to come back. But an interruption now and then
   * must not keep an alarm away for ever: twice the time is an alarm all the same.
   */
  disturbed(nowMs: number): void {
    this.undisturbedSinceMs = nowMs
  }

  /** What came meanwhile is not known, so the silence counts from now. */
  lostTrack(nowMs: number): void {
    this.undisturbedSinceMs = nowMs
    if (!this.isSilent) this.heardAtMs = nowMs
  }

  /** True once, when it has become silent. */
  fallsSilent(nowMs: number): boolean {
    if (this.isSilent) return false
    const forMs = nowMs - this.heardAtMs
    const undisturbed = nowMs - this.undisturbedSinceMs >= this.silentMs
    this.isSilent = forMs >= this.silentMs && (undisturbed || forMs >= 2 * this.silentMs)
    return this.isSilent
  }
}
