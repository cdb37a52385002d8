// Knows whether the payment provider is away, and spares it and us from asking about every order while it is: after some
// failures in a row one question at a time goes through, until one is answered. Asks nothing itself.

export interface OutageOptions {
  /** Milliseconds that only go forward. Default `performance.now`. */
  readonly clock?: () => number
}

/** So many failures in a row are no accident of one trade. */
const failuresMax = 3

/** Between the end of one question that failed and the next, while it is away. */
const pauseMs = 1000

export class Outage {
  private readonly clock: () => number
  private failures = 0
  private askAgainAt = 0
  private isProbing = false

  constructor({ clock = () => performance.now() }: OutageOptions = {}) {
    this.clock = clock
  }

  get isAway(): boolean {
    return this.failures >= failuresMax
  }

  /** Whether a question may go out now. */
  get mayAsk(): boolean {
    return !this.isAway || (!this.isProbing && this.clock() >= this.askAgainAt)
  }

  /** A question goes out. What is answered is called with whether the provider was there, once. */
  begin(): (wasThere: boolean) => void {
    const isProbe = this.isAway
    if (isProbe) this.isProbing = true
    return (wasThere) => {
      if (isProbe) this.isProbing = false
      this.failures = wasThere ? 0 : this.failures + 1
      this.askAgainAt = this.clock() + pauseMs
    }
  }
}
