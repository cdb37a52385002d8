// Steps that must happen in their order: of one source partition, those into one part of the engine, or into one channel.
// A step that fails is tried again with those behind it; nothing overtakes it.
import { type Backoff, halfToWholeMs } from "../../../wire/backoff.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Clock } from "../../bounds/clock.ts"
import type { MaybePromise } from "../../engines/engine.ts"

/** One thing to be done for a message. */
export interface Step {
  /** Its place in the source, for whoever pipelines; null where there is none. */
  readonly position: string | null
  /** Null when it may be done now; else resolves when it may. */
  room(): Promise<void> | null
  /** `previous`: the position that was handed over before it in this lane and not refused; null when that is not known. */
  run(previous: string | null): MaybePromise<unknown>
  /** It is done. */
  done(): void
  /** It can never be done: it has left the lane. */
  refused(error: LabaError): void
}

interface LaneOptions {
  readonly clock: Pick<Clock, "after">
  readonly random: () => number
  /** Steps under way at once. More than one only where a step after a failed one fails, too. */
  readonly underWayMax: number
  /** A step failed and will be tried again. */
  onTrouble(error: unknown): void
  /** A step succeeded. */
  onSuccess(): void
  /** None is under way, and none will be before `add`. */
  onIdle(): void
}

const backoff: Backoff = { minMs: 50, maxMs: 5000 }

export class Lane {
  private readonly options: LaneOptions
  /** Not done, in order; the first `handed` of them are under way, were refused or done already. */
  private steps: Step[] = []
  private handed = 0
  private readonly finished = new Set<Step>()
  private underWay = 0
  private previous: string | null = null
  private failing = false
  private failures = 0
  /** Waits for listeners, or until it is tried again. */
  private blocked = false
  private released = false
  private pumping = false
  private cancel: (() => void) | null = null

  constructor(options: LaneOptions) {
    this.options = options
  }

  get isIdle(): boolean {
    return this.underWay === 0 && (this.released || this.steps.length === 0)
  }

  /** How many steps wait or are under way. */
  get size(): number {
    return this.steps.length
  }

  add(step: Step): void {
    this.steps.push(step)
    this.pump()
  }

  /** Hands over nothing more. `onIdle` is called once nothing is under way. */
  release(): void {
    this.released = true
    this.cancel?.()
    this.steps.length = this.handed
    if (this.underWay === 0) this.options.onIdle()
  }

  private pump(): void {
    // An engine in this process answers at once, within the loop below.
    if (this.pumping) return
    this.pumping = true
    while (!this.blocked && !this.failing && !this.released && this.underWay < this.options.underWayMax) {
      const step = this.steps[this.handed]
      if (!step) break
      const room = step.room()
      if (room) this.waitFor(room)
      else {
        this.handed++
        this.hand(step)
      }
    }
    this.pumping = false
  }

  private hand(step: Step): void {
    const previous = this.previous
    if (step.position !== null) this.previous = step.position
    this.underWay++
    let running: MaybePromise<unknown>
    try {
      running = step.run(previous)
    } catch (error) {
      return this.failed(step, error)
    }
    if (!(running instanceof Promise)) return this.succeeded(step)
    running.then(
      () => this.succeeded(step),
      (error: unknown) => this.failed(step, error),
    )
  }

  private succeeded(step: Step): void {
    this.failures = 0
    this.finished.add(step)
    step.done()
    this.options.onSuccess()
    this.answered()
  }

  private failed(step: Step, error: unknown): void {
    // What comes after it in the engine waits for it, also when it will never be there.
    this.failing = true
    if (error instanceof LabaError && error.retry === "stay-away") {
      this.finished.add(step)
      step.refused(error)
    } else {
      this.failures++
      this.options.onTrouble(error)
    }
    this.answered()
  }

  private answered(): void {
    this.underWay--
    this.dropFinished()
    if (this.underWay > 0) return this.pump()
    // All are answered: what failed, and all behind it, is handed over anew.
    if (this.failing) this.begin()
    if (this.released || this.steps.length === 0) return this.options.onIdle()
    if (this.failures === 0) return this.pump()
    this.blocked = true
    const { clock, random } = this.options
    this.cancel = clock.after(halfToWholeMs(backoff, this.failures, random), () => this.unblock())
  }

  private begin(): void {
    this.steps = this.steps.filter((step) => !this.finished.has(step))
    this.finished.clear()
    this.handed = 0
    this.failing = false
    this.previous = null
  }

  /** Most are done in order; while one fails, those behind it may be done before it. */
  private dropFinished(): void {
    let done = 0
    while (done < this.handed && this.finished.delete(this.steps[done] as Step)) done++
    if (done === 0) return
    this.steps.splice(0, done)
    this.handed -= done
  }

  private waitFor(room: Promise<void>): void {
    this.blocked = true
    const again = (): void => this.unblock()
    room.then(again, again)
  }

  private unblock(): void {
    this.blocked = false
    this.cancel = null
    this.pump()
  }
}
