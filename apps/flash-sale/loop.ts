// The heartbeat of a shop: writes down who waits at the desks, takes what is due, and copies the log between batches. All
// writing is on this one road, so no two transactions ever meet.
import type { PromiseChecker } from "./audit/promise-checker.ts"
import type { Sales } from "./book/sales.ts"
import type { Broadcasts } from "./delivery/broadcasts.ts"
import type { ResultSender } from "./delivery/result-sender.ts"
import type { AdmissionQueue } from "./admission/admission-queue.ts"
import { DecisionGovernor } from "./decision-governor.ts"
import type { Ledger } from "./ledger/ledger.ts"
import type { Cashier } from "./payments/cashier.ts"
import type { OutboundTasks } from "./delivery/outbound-tasks.ts"
import type { Retention } from "./book/retention.ts"

interface LoopOptions {
  readonly ledger: Ledger
  readonly sales: Sales
  readonly desks: () => Iterable<AdmissionQueue>
  readonly cashier: Cashier
  readonly errands: OutboundTasks
  readonly tellings: ResultSender
  readonly broadcasts: Broadcasts
  readonly retention: Retention
  readonly watchman: PromiseChecker
  readonly verifySeconds: number
  readonly log: (line: string) => void
}

/** How long a batch gathers at least. Longer saves syncs, and everybody in it waits that much longer. */
const batchMs = 3

/** Between two turns of decisions while there are more: intake comes first, and larger transactions cost less a ticket. */
const stepMs = 20

/** A clock that nobody waits for: deadlines, starts, offers. */
const idleMs = 100

export class Loop {
  private readonly options: LoopOptions
  private batchTimer: ReturnType<typeof setTimeout> | null = null
  private batchSoon = false
  private flushedAt = 0
  private readonly clocks: ReturnType<typeof setInterval>[] = []
  private stepTimer: ReturnType<typeof setTimeout> | null = null
  private stepAt = 0
  private readonly effort = new DecisionGovernor()
  private stopped = false
  private complaint = { text: "", at: 0 }

  constructor(options: LoopOptions) {
    this.options = options
  }

  start(): void {
    const { broadcasts, watchman, sales, verifySeconds } = this.options
    this.clocks.push(
      setInterval(() => this.everySecond(), 1000),
      setInterval(() => void broadcasts.watch(sales.all), 2000),
    )
    if (verifySeconds > 0) this.clocks.push(setInterval(() => void watchman.check(), verifySeconds * 1000))
    this.stepIn(0)
    void broadcasts.watch(sales.all)
  }

  /** Somebody waits at a desk, or something is due. */
  wake(): void {
    if (this.stopped || this.batchSoon || this.batchTimer) return
    // In a crowd a turn of the loop takes longer than a batch gathers: then it leaves with the turn that it came in.
    if (performance.now() - this.flushedAt >= batchMs) {
      this.batchSoon = true
      setImmediate(() => this.flush())
    } else this.batchTimer = setTimeout(() => this.flush(), batchMs)
  }

  /** Requests are read later than they came: whoever clicks comes before who is to be decided. */
  hurry(): void {
    this.effort.hurry(performance.now())
  }

  private flush(): void {
    if (this.stopped) return
    this.batchSoon = false
    this.batchTimer = null
    this.flushedAt = performance.now()
    for (const desk of this.options.desks()) desk.flush((error) => this.complain(error))
    this.stepIn(stepMs)
  }

  /** Writes what is still at the desks, and ends. */
  stop(): void {
    this.stopped = true
    for (const clock of this.clocks) clearInterval(clock)
    if (this.batchTimer) clearTimeout(this.batchTimer)
    if (this.stepTimer) clearTimeout(this.stepTimer)
    for (const desk of this.options.desks()) desk.flush((error) => this.complain(error))
    this.guarded(() => this.options.tellings.noteSent())
  }

  private stepIn(ms: number): void {
    const at = performance.now() + ms
    if (this.stopped || (this.stepTimer && this.stepAt <= at)) return
    if (this.stepTimer) clearTimeout(this.stepTimer)
    this.stepAt = at
    this.stepTimer = setTimeout(() => {
      this.stepTimer = null
      const decisions = this.effort.at(performance.now(), this.stepAt)
      this.stepIn(this.step(decisions) ? stepMs : idleMs)
    }, ms)
  }

  private step(decisions: number): boolean {
    const { sales, cashier, errands, ledger } = this.options
    let more = false
    for (const sale of sales.all) {
      this.guarded(() => {
        more = sale.step(decisions) || more
        cashier.sweep(sale)
      })
    }
    this.guarded(() => errands.run())
    this.guarded(() => ledger.checkpointWhenGrown())
    return more
  }

  private everySecond(): void {
    const { tellings, retention } = this.options
    this.guarded(() => tellings.noteSent())
    this.guarded(() => retention.run())
    tellings.tellFresh(this.options.sales.all)
    for (const sale of this.options.sales.all) this.guarded(() => this.options.broadcasts.tell(sale))
  }

  private guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.complain(error)
    }
  }

  /** A full disk fails each batch in the same way: once a second is enough to read, and a log may be on the same disk. */
  private complain(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const now = performance.now()
    if (text === this.complaint.text && now < this.complaint.at + 1000) return
    this.complaint = { text, at: now }
    this.options.log(`flash sale: ${text}`)
  }
}
