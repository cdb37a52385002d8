// Fetches what the engine failed to deliver: once for all listeners of a channel together, however often it is said
// meanwhile that something is missing. After an outage that is every channel, so they are fetched in turn.
import type { Engine, PageBounds } from "../../engines/engine.ts"
import type { Counters } from "../../telemetry/counters.ts"
import type { Audience } from "../audience/audience.ts"
import type { FanOut } from "../fan-out.ts"
import { PacedResets } from "./paced-resets.ts"

/** What could not be fetched is tried again after that long. */
const retryMs = 1000

/** Channels fetched at once. More would only wait in front of the engine, and others behind them. */
const fetchesMax = 64

interface GapFetcherOptions {
  readonly engine: Engine
  readonly fanOut: FanOut
  readonly counters: Counters
  readonly bounds: () => PageBounds
  /** Whether anybody still listens there. */
  readonly isOpen: (audience: Audience) => boolean
}

interface Fetch {
  again: boolean
  readonly done: Promise<void>
  readonly finish: () => void
}

export class GapFetcher {
  private readonly runs = new Map<Audience, Fetch>()
  /** Those of them whose turn has not come. */
  private readonly waiting = new Map<Audience, Fetch>()
  private underWay = 0
  private readonly resets: PacedResets
  private readonly options: GapFetcherOptions

  constructor(options: GapFetcherOptions) {
    this.options = options
    this.resets = new PacedResets(options.counters, options.isOpen)
  }

  /** Resolves when nothing is missed any more, or nothing can be fetched now. What is missed meanwhile is fetched too. */
  fetch(audience: Audience): Promise<void> {
    const known = this.runs.get(audience)
    if (known) {
      known.again = true
      return known.done
    }
    const { promise: done, resolve: finish } = Promise.withResolvers<void>()
    const run: Fetch = { again: false, done, finish }
    this.runs.set(audience, run)
    this.waiting.set(audience, run)
    this.startNext()
    return done
  }

  private startNext(): void {
    for (const [audience, run] of this.waiting) {
      if (this.underWay >= fetchesMax) return
      this.waiting.delete(audience)
      this.underWay++
      void this.repeat(audience, run)
    }
  }

  private async repeat(audience: Audience, run: Fetch): Promise<void> {
    try {
      do {
        run.again = false
        await this.fetchPages(audience)
      } while (run.again && this.options.isOpen(audience))
    } catch {
      // The engine is away, and nobody has been given anything out of order. It may not know that we still lack something.
      setTimeout(() => {
        if (this.options.isOpen(audience)) void this.fetch(audience)
      }, retryMs).unref()
    } finally {
      this.runs.delete(audience)
      this.underWay--
      run.finish()
      this.startNext()
    }
  }

  /** Listeners that lag keep no other channel from its turn. */
  private async roomIn(audience: Audience): Promise<void> {
    this.underWay--
    this.startNext()
    await audience.room()
    this.underWay++
  }

  private async fetchPages(audience: Audience): Promise<void> {
    const { engine, fanOut, bounds, isOpen } = this.options
    for (;;) {
      if (!isOpen(audience)) return
      if (audience.full) await this.roomIn(audience)
      const page = await engine.history(audience.channel, audience.position, audience.rule.keep, bounds())
      if (!isOpen(audience)) return
      if ("reset" in page) return this.resets.tell(audience, page.tail, page.reset)
      for (const message of page.messages) if (message.offset === audience.head + 1) audience.push(message)
      if (page.messages.length > 0) fanOut.wake(audience)
      if (!page.more) return
    }
  }
}
