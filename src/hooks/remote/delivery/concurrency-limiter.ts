// How many requests a backend has at once: more while it answers well, half as many when it does not (additive increase,
// multiplicative decrease), never more than its bound. Whoever waits for an answer goes first, but never alone, and senders in turn.
import { BackendFailure } from "./backend-failure.ts"
import { FairQueue, type Sender } from "./fair-queue.ts"

/** Asks that wait for their turn at one backend. Each holds a client's handshake or message: a few KB. */
const asksWaitingMax = 10_000

/** Requests at once to a backend that nobody has tried yet. */
const firstLimit = 8

/** While both wait, every so many-th turn is a notification's: a flood of asks must not keep what was promised. */
const notificationTurn = 4

interface Waiting {
  readonly start: () => void
  readonly giveUp: () => void
}

interface ConcurrencyLimiterOptions {
  readonly max: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

export class ConcurrencyLimiter {
  inFlight = 0
  /** The most that were under way at once. */
  inFlightPeak = 0
  /** Set by who has notifications to send. Called when there is room: starts one, and answers whether there was one to start. */
  startNotification: () => boolean = () => false
  private readonly options: ConcurrencyLimiterOptions
  private readonly now: () => number
  private exact: number
  private readonly waiting = new FairQueue<Waiting>(asksWaitingMax)
  private turns = 0
  private lastCutMs = Number.NEGATIVE_INFINITY

  constructor(options: ConcurrencyLimiterOptions) {
    this.options = options
    this.now = options.now ?? (() => performance.now())
    this.exact = Math.min(firstLimit, options.max)
  }

  /** Requests at once, now. */
  get limit(): number {
    return Math.max(1, Math.floor(this.exact))
  }

  get asksWaiting(): number {
    return this.waiting.size
  }

  get hasRoom(): boolean {
    return this.inFlight < this.limit
  }

  /** Takes a place for an ask, or waits for one. Throws `BackendFailure` when there is none within the time. */
  async takeForAsk(sender: Sender, withinMs: number): Promise<number> {
    if (this.hasRoom && this.waiting.size === 0) return this.take()
    if (!this.waiting.hasRoomFor(sender)) throw tooMany()
    await new Promise<void>((resolve, reject) => {
      const clock = setTimeout(() => {
        this.waiting.delete(sender, entry)
        entry.giveUp()
      }, withinMs)
      const entry: Waiting = {
        start: () => (clearTimeout(clock), resolve()),
        giveUp: () => (clearTimeout(clock), reject(tooMany())),
      }
      this.waiting.add(sender, entry)
    })
    return this.now()
  }

  /** Takes a place; answers when. Only with room. */
  take(): number {
    this.inFlight++
    this.inFlightPeak = Math.max(this.inFlightPeak, this.inFlight)
    return this.now()
  }

  /** A request that began then is over. */
  release(startedMs: number, outcome: "well" | "strained" | "unknown"): void {
    if (outcome === "well" && this.inFlight * 2 >= this.limit)
      this.exact = Math.min(this.options.max, this.exact + 1 / this.limit)
    // Those that were under way together strain together: that is one cut.
    if (outcome === "strained" && startedMs > this.lastCutMs) {
      this.exact = Math.max(1, this.exact / 2)
      this.lastCutMs = this.now()
    }
    this.inFlight--
    this.fill()
  }

  /** Nobody who waits now will be served. */
  giveUpAll(): void {
    for (const one of this.waiting.drain()) one.giveUp()
  }

  /** Starts what waits, while there is room. */
  fill(): void {
    while (this.hasRoom) {
      this.turns++
      const tellsFirst = this.waiting.size === 0 || this.turns % notificationTurn === 0
      if (tellsFirst && this.startNotification()) continue
      const next = this.waiting.shift()
      if (!next) return
      this.take()
      next.start()
    }
  }
}

const tooMany = (): BackendFailure =>
  new BackendFailure("The backend has more to do than it can; no place came free in time.", {
    because: "timeout",
    sent: false,
    strained: false,
    retryAfterSeconds: 2,
  })
