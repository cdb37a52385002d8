// Knows whether the payment provider is away, and spares it and us from asking about every order while it is: after failures
// with several trades in a row one question at a time goes through, until one is answered. Asks nothing itself.

export interface OutageOptions {
  /** Milliseconds that only go forward. Default `performance.now`. */
  readonly clock?: () => number
}

/** Failures with so many different trades in a row are no accident of one of them. */
const failedMax = 3

/** Between the end of one question that failed and the next, while it is away. */
const pauseMs = 1000

export class Outage {
  private readonly clock: () => number
  /** What failed since the last answer. */
  private readonly failed = new Set<string>()
  private askAgainAt = 0
  private isProbing = false

  constructor({ clock = () => performance.now() }: OutageOptions = {}) {
    this.clock = clock
  }

  get isAway(): boolean {
    return this.failed.size >= failedMax
  }

  /** Whether a question may go out now. */
  get mayAsk(): boolean {
    return !this.isAway || (!this.isProbing && this.clock() >= this.askAgainAt)
  }

  /** A question about a trade or a payment goes out. What is answered is called with whether the provider was there, once. */
  begin(about: string): (wasThere: boolean) => void {
    const isProbe = this.isAway
    if (isProbe) this.isProbing = true
    return (wasThere) => {
      if (isProbe) this.isProbing = false
      if (wasThere) this.failed.clear()
      else if (!this.isAway) this.failed.add(about)
      this.askAgainAt = this.clock() + pauseMs
    }
  }
}
