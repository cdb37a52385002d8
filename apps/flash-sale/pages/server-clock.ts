// The server's clock, as a page knows it. A visitor's own clock may be wrong and may be set while a sale is open, so it is
// never asked: only how much time has passed since the server said what time it is.

/** A sample that took so much longer than the best one says nothing new. */
const slackMs = 20

export class ServerClock {
  private readonly monotonic: () => number
  /** Server's time minus monotonic time. */
  private offset: number | null = null
  private bestRoundTripMs = Infinity

  constructor(monotonic: () => number = () => performance.now()) {
    this.monotonic = monotonic
  }

  /** Milliseconds since 1970 by the server's clock; by our own until the server has said anything. */
  now(): number {
    return this.offset === null ? Date.now() : this.monotonic() + this.offset
  }

  /** Asks the server; of several answers the quickest is the most exact. */
  async sync(askNow: () => Promise<number>, samples = 3): Promise<void> {
    // What was known before may have drifted: a machine that slept stops this clock in some browsers.
    this.bestRoundTripMs = Infinity
    for (let at = 0; at < samples; at++) {
      const sentAt = this.monotonic()
      const serverNow = await askNow()
      this.note(serverNow, sentAt, this.monotonic())
    }
  }

  private note(serverNow: number, sentAt: number, receivedAt: number): void {
    const roundTripMs = receivedAt - sentAt
    if (roundTripMs > this.bestRoundTripMs - slackMs && this.bestRoundTripMs !== Infinity) return
    this.bestRoundTripMs = roundTripMs
    this.offset = serverNow + roundTripMs / 2 - receivedAt
  }
}
