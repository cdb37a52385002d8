// Group commit: what arrives while the disk is busy is written together, durable together and answered together, in
// order. Knows works to be done and whether the disk can; refuses to know channels and tables.
import { LabaError } from "../../../wire/error.ts"
import type { Severity } from "./database/database-errors.ts"

/** Works in one commit, and their bytes. More would hold the loop for over 2 ms at a time. */
const batchWorksMax = 1024
const batchBytesMax = 1024 * 1024

/** What may wait for the disk before publishes are refused: about a second of work for a slow disk. */
const queueWorksMax = 20_000
const queueBytesMax = 64 * 1024 * 1024

/** A disk that failed is not tried again before that: each try costs a system call or ten. */
const retryMs = 1000

export interface CommitSteps<Work> {
  /** Writes all of it or nothing, and then throws. */
  write(works: readonly Work[]): void
  /** Resolves when what was written is durable. */
  sync(): Promise<void>
  /** It is durable: number, deliver, answer. */
  settle(works: readonly Work[]): void
  /** It was not written. Answers true to have it tried again later, in the same order. */
  fail(works: readonly Work[], error: LabaError): boolean
  /** Work of its own between commits, bounded. `idle`: nobody waits. */
  upkeep(idle: boolean): Promise<void>
  /** What an error means, for the log and for those who wait. */
  judge(error: unknown): { readonly severity: Severity; readonly says: string; readonly error: LabaError }
  /** Told once when trouble begins, once when it is over (null). */
  onTrouble(says: string | null): void
}

export class GroupCommit<Work> {
  private readonly steps: CommitSteps<Work>
  private readonly now: () => number
  private queue: { readonly work: Work; readonly bytes: number }[] = []
  private queueBytes = 0
  private running: Promise<void> | null = null
  private trouble: {
    readonly error: LabaError
    readonly sinceMs: number
    readonly isLasting: boolean
  } | null = null
  private retrying: ReturnType<typeof setTimeout> | null = null
  private ended = false

  constructor(steps: CommitSteps<Work>, now: () => number) {
    this.steps = steps
    this.now = now
  }

  /** Nothing waits to be written. */
  get isEmpty(): boolean {
    return this.queue.length === 0
  }

  /** Throws `engine_unavailable` when nothing can be accepted now. */
  check(): void {
    if (this.trouble && this.rests) throw this.trouble.error
    if (this.ended) throw new LabaError("engine_unavailable", "This node is closing its database.")
    if (this.queue.length >= queueWorksMax || this.queueBytes >= queueBytesMax) {
      const detail = "This comes faster than the disk can take it."
      throw new LabaError("engine_unavailable", detail, { retryAfterSeconds: 1 })
    }
  }

  /** In trouble, and it is too early to try again. */
  private get rests(): boolean {
    if (this.trouble === null) return false
    if (this.trouble.isLasting) return true
    const passedMs = this.now() - this.trouble.sinceMs
    // A clock that was set back meanwhile makes nobody wait for as long as that.
    return passedMs >= 0 && passedMs < retryMs
  }

  /** Queues a work. Call `check` first. */
  submit(work: Work, bytes: number): void {
    this.queue.push({ work, bytes })
    this.queueBytes += bytes
    this.start()
  }

  /** Something is being written. */
  get isBusy(): boolean {
    return this.running !== null
  }

  /** Has the upkeep done as soon as nothing else is under way. */
  requestUpkeep(): Promise<void> {
    return this.alone(async () => {
      if (!this.ended && !this.rests) await this.attempt(() => this.steps.upkeep(true))
    })
  }

  /** Does something as soon as nothing else is under way, and nothing else meanwhile. */
  async alone(act: () => Promise<void>): Promise<void> {
    while (this.running) await this.running
    const acting = act()
    this.running = acting.catch(() => {}).then(() => this.rest())
    await acting
  }

  /** Accepts no more, and resolves when all that waited is answered. */
  async end(): Promise<void> {
    this.ended = true
    while (this.running) await this.running
    if (this.retrying) clearTimeout(this.retrying)
    // One more try for what was acknowledged before it was written.
    if (this.queue.length > 0) await this.run()
  }

  private start(): void {
    if (this.running) return
    this.running = this.run().then(() => this.rest())
  }

  private rest(): void {
    this.running = null
    if (this.ended) return
    const isWaiting = this.retrying !== null || this.trouble?.isLasting === true
    if (this.queue.length > 0 && !isWaiting) this.start()
  }

  private async run(): Promise<void> {
    do {
      // What came in one turn is written together, and answers leave before the next commit begins.
      await new Promise((resolve) => setImmediate(resolve))
      const works = this.take()
      if (works.length > 0 && !(await this.commit(works))) return
      await this.attempt(() => this.steps.upkeep(false))
    } while (this.queue.length > 0)
  }

  private async commit(works: readonly Work[]): Promise<boolean> {
    try {
      this.steps.write(works)
    } catch (error) {
      this.stumble(error, works)
      return false
    }
    try {
      await this.steps.sync()
    } catch (error) {
      // The system has dropped what it could not write: what the file holds is unknown until it is opened anew.
      this.stumble(error, works, "lasting")
      return false
    }
    if (this.trouble) {
      this.trouble = null
      this.steps.onTrouble(null)
    }
    this.steps.settle(works)
    return true
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.stumble(error, [])
    }
  }

  private stumble(cause: unknown, works: readonly Work[], atLeast?: Severity): void {
    const { severity, says, error } = this.steps.judge(cause)
    const isLasting = atLeast === "lasting" || severity === "lasting"
    if (!this.trouble)
      this.steps.onTrouble(isLasting ? `${says}; publishes are refused until it is started again` : says)
    this.trouble = { error, sinceMs: this.now(), isLasting }
    // What waits behind would meet the same.
    const waiting = [...works, ...this.queue.map(({ work }) => work)]
    const before = this.queue
    this.queue = []
    this.queueBytes = 0
    if (waiting.length === 0 || !this.steps.fail(waiting, error)) return
    const again = works.map((work) => ({ work, bytes: 0 }))
    this.queue = [...again, ...before]
    this.queueBytes = before.reduce((sum, { bytes }) => sum + bytes, 0)
    if (isLasting || this.ended) return
    this.retrying ??= setTimeout(() => {
      this.retrying = null
      this.start()
    }, retryMs)
    this.retrying.unref()
  }

  private take(): Work[] {
    let bytes = 0
    let count = 0
    while (count < this.queue.length && count < batchWorksMax && bytes < batchBytesMax)
      bytes += this.queue[count++]?.bytes ?? 0
    this.queueBytes -= bytes
    return this.queue.splice(0, count).map(({ work }) => work)
  }
}
