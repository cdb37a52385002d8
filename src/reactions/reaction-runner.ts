// Reacts to messages: so many at once, each again until it is done or set aside, the place saved behind them. Knows
// neither where messages come from nor what is done with them.
import type { Clock } from "../bounds/clock.ts"
import { type Backoff, halfToWholeMs } from "../../wire/backoff.ts"
import { StoppableWaits } from "../bounds/stoppable-waits.ts"
import type { Message } from "../../client/channels/message.ts"
import { RetryLater } from "./cloud-event.ts"
import { Progress } from "./progress.ts"
import { type Aside, NeverAgain, type Place, type Reaction } from "./reaction.ts"

export interface ReactionRunnerOptions {
  readonly reaction: Reaction
  readonly place: Place
  readonly aside: Aside
  /** Messages under way at once. With 1 each is done, or set aside, before the next begins: the order is kept. */
  readonly atOnce: number
  /** How often a message is tried before it is set aside. */
  readonly tries: number
  /** How long one try may take. */
  readonly timeoutMs: number
  readonly clock: Pick<Clock, "after" | "now">
  readonly random?: () => number
  /** A try failed; `waitMs` until the next, null when the message is set aside. */
  readonly onFailure: (message: Message, failure: Failed) => void
}

export interface Failed {
  readonly reason: string
  readonly attempts: number
  readonly waitMs: number | null
}

/** The wait after a first failure; doubled after each. */
const backoff: Backoff = { minMs: 1_000, maxMs: 60_000 }

/** What a receiver may ask us to wait at most. */
const askedMsMax = 300_000

/**
 * Messages taken for each that may be under way: those done wait here for one before them that is tried again. Beyond it
 * nothing is taken, so that what a restart repeats stays bounded.
 */
const openPerSlot = 100

export class ReactionRunner {
  private readonly options: ReactionRunnerOptions
  private readonly progress = new Progress()
  private readonly stopping = new AbortController()
  private readonly running = new Set<Promise<void>>()
  private readonly failing = Promise.withResolvers<never>()
  private readonly waits: StoppableWaits
  private isOver = false
  private hasFailed = false
  private saving: Promise<void> = Promise.resolve()

  constructor(options: ReactionRunnerOptions) {
    this.options = options
    this.waits = new StoppableWaits(options.clock)
    // Whoever waits for it hears of it; nobody has to.
    this.failing.promise.catch(() => {})
  }

  /** Rejects when the place cannot be saved or a message not be set aside: to go on would be to lose some. Else never settles. */
  get failed(): Promise<never> {
    return this.failing.promise
  }

  /** Begins with a message, and resolves when there is room for the next. */
  async take(message: Message): Promise<void> {
    // It comes again with the next start; to answer would be to ask for more.
    if (this.isOver) return new Promise(() => {})
    const done = this.progress.take(message.cursor)
    const work = this.see(message, done).catch((error: unknown) => this.fail(error))
    this.running.add(work)
    void work.finally(() => this.running.delete(work))
    const { atOnce } = this.options
    while (!this.isOver && (this.running.size >= atOnce || this.progress.open >= atOnce * openPerSlot))
      await Promise.race(this.running)
  }

  /** Takes no more; lets those under way end, but for `patienceMs` only, and tries none again. Then the place is saved. */
  async stop(patienceMs: number): Promise<void> {
    const late = this.options.clock.after(patienceMs, () => this.stopping.abort(new Error("stopped")))
    this.isOver = true
    this.waits.endAll()
    await Promise.all(this.running)
    late()
    await this.saving
  }

  private async see(message: Message, done: () => string | null): Promise<void> {
    if (!(await this.react(message))) return
    const place = done()
    if (place !== null) this.save(place)
  }

  /** True when it is done or set aside; false when everything ends before that, and it comes again. */
  private async react(message: Message): Promise<boolean> {
    const { reaction, tries, timeoutMs, onFailure } = this.options
    for (let number = 1; ; number++) {
      const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(timeoutMs)])
      try {
        await reaction(message, { number, signal })
        return true
      } catch (error) {
        if (this.stopping.signal.aborted) return false
        const reason = error instanceof Error ? error.message : String(error)
        if (number >= tries || error instanceof NeverAgain) {
          await this.setAside(message, reason, number)
          return true
        }
        const waitMs = this.waitMs(number, error)
        onFailure(message, { reason, attempts: number, waitMs })
        if (this.isOver) return false
        await this.waits.wait(waitMs)
        if (this.isOver) return false
      }
    }
  }

  private async setAside(message: Message, reason: string, attempts: number): Promise<void> {
    const { aside, clock, onFailure } = this.options
    await aside.put({ message, reason, attempts, time: clock.now() })
    onFailure(message, { reason, attempts, waitMs: null })
  }

  private waitMs(number: number, error: unknown): number {
    const { random = Math.random } = this.options
    const ms = halfToWholeMs(backoff, number, random)
    return error instanceof RetryLater ? Math.max(ms, Math.min(error.waitMs, askedMsMax)) : ms
  }

  private save(cursor: string): void {
    this.saving = this.options.place.save(cursor).catch((error: unknown) => this.fail(error))
  }

  private fail(error: unknown): void {
    if (this.hasFailed) return
    this.hasFailed = true
    this.isOver = true
    this.waits.endAll()
    this.stopping.abort(error)
    this.failing.reject(error instanceof Error ? error : new Error(String(error)))
  }
}
