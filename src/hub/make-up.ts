// Fetches what the engine failed to deliver: once for all listeners of a channel together, however often it is said
// meanwhile that something is missing.
import type { Engine, PageBounds } from "../engines/engine.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Audience } from "./audience.ts"
import type { FanOut } from "./fan-out.ts"

/** What could not be fetched is tried again after that long. */
const retryMs = 1000

export interface MakeUpOptions {
  readonly engine: Engine
  readonly fanOut: FanOut
  readonly counters: Counters
  readonly bounds: () => PageBounds
  /** Whether anybody still listens there. */
  readonly isOpen: (audience: Audience) => boolean
}

export class MakeUp {
  private readonly running = new Map<Audience, { again: boolean; done: Promise<void> }>()
  private readonly options: MakeUpOptions

  constructor(options: MakeUpOptions) {
    this.options = options
  }

  /** Resolves when nothing is missed any more, or nothing can be fetched now. What is missed meanwhile is fetched too. */
  run(audience: Audience): Promise<void> {
    const known = this.running.get(audience)
    if (known) {
      known.again = true
      return known.done
    }
    const run = { again: false, done: Promise.resolve() }
    this.running.set(audience, run)
    run.done = this.repeat(audience, run)
    return run.done
  }

  private async repeat(audience: Audience, run: { again: boolean }): Promise<void> {
    try {
      do {
        run.again = false
        await this.fetch(audience)
      } while (run.again && this.options.isOpen(audience))
    } catch {
      // The engine is away, and nobody has been given anything out of order. It may not know that we still lack something.
      setTimeout(() => {
        if (this.options.isOpen(audience)) void this.run(audience)
      }, retryMs).unref()
    } finally {
      this.running.delete(audience)
    }
  }

  private async fetch(audience: Audience): Promise<void> {
    const { engine, fanOut, counters, bounds, isOpen } = this.options
    for (;;) {
      if (audience.full) await audience.room()
      const page = await engine.history(audience.channel, audience.position, audience.rule.keep, bounds())
      if (!isOpen(audience)) return
      if ("reset" in page) {
        audience.restart(page.tail)
        for (const listener of audience.live()) {
          counters.countReset(page.reset)
          listener.reset(page.tail, page.reset)
        }
        return
      }
      for (const message of page.messages) if (message.offset === audience.head + 1) audience.push(message)
      if (page.messages.length > 0) fanOut.wake(audience)
      if (!page.more) return
    }
  }
}
