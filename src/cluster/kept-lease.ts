// Keeps one lease for as long as it is wanted: asks until it is ours, renews it, and knows when it may have run out. While we
// cannot renew, it ends here before it ends where it is kept, so that two nodes never count on it at once.
import type { Clock } from "../bounds/clock.ts"
import type { Leases } from "./leases.ts"

interface KeptLeaseOptions {
  readonly leases: Leases
  readonly name: string
  /** How long it holds without a renewal. It is renewed three times as often. */
  readonly holdMs: number
  readonly clock: Pick<Clock, "monotonic" | "after">
  /** It is ours from now on. */
  readonly onGained: () => void
  /** It is no longer ours, or may not be: another node can have it within a third of `holdMs`. */
  readonly onLost: () => void
  /** Who keeps the leases cannot be asked; told when that begins. */
  readonly onTrouble: (error: unknown) => void
}

export class KeptLease {
  private readonly options: KeptLeaseOptions
  private held = false
  /** Monotonic milliseconds. */
  private endsAtMs = 0
  private inTrouble = false
  private stopped = false
  private cancelNext = (): void => {}
  private cancelEnd = (): void => {}
  private asking: Promise<void>

  constructor(options: KeptLeaseOptions) {
    this.options = options
    this.asking = this.ask()
  }

  /** Whether it is ours now. */
  get isOurs(): boolean {
    return this.held && this.options.clock.monotonic() < this.endsAtMs
  }

  /** Gives it up. Nothing is called from then on; whoever did the lease's work must have ended it before. */
  async stop(): Promise<void> {
    this.stopped = true
    this.cancelNext()
    this.cancelEnd()
    await this.asking
    if (!this.held) return
    this.held = false
    try {
      await this.options.leases.release(this.options.name)
    } catch {
      // Then it runs out by itself.
    }
  }

  private async ask(): Promise<void> {
    const { leases, name, holdMs, clock, onTrouble } = this.options
    // It holds from some time after this, by the clock of who keeps it.
    const askedMs = clock.monotonic()
    // This process stood still: another node may have had it meanwhile, and given it up.
    if (askedMs >= this.endsAtMs) this.lose()
    try {
      const answer = await leases.acquire(name, holdMs)
      this.inTrouble = false
      if (answer !== "ours") this.lose()
      else this.gain(askedMs + (holdMs * 2) / 3)
    } catch (error) {
      if (!this.inTrouble && !this.stopped) onTrouble(error)
      this.inTrouble = true
    }
    if (!this.stopped)
      this.cancelNext = clock.after(holdMs / 3, () => {
        this.asking = this.ask()
      })
  }

  private gain(endsAtMs: number): void {
    const { clock, onGained } = this.options
    this.cancelEnd()
    this.endsAtMs = endsAtMs
    // Stopped meanwhile: it is given up again.
    if (this.stopped) this.held = true
    // The answer took too long.
    else if (endsAtMs <= clock.monotonic()) this.lose()
    else {
      this.cancelEnd = clock.after(endsAtMs - clock.monotonic(), () => this.lose())
      if (this.held) return
      this.held = true
      onGained()
    }
  }

  private lose(): void {
    this.cancelEnd()
    if (!this.held || this.stopped) return
    this.held = false
    this.options.onLost()
  }
}
