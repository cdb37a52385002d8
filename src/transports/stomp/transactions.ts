// What a client does as one: kept until it is committed, then checked as a whole, and done in the order in which it came. Bounded in number and
// bytes; knows no frames.
import { LabaError } from "../../../wire/error.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { TurnBudget } from "../conversation/turn-budget.ts"

/** Transactions that one connection may have begun. A client has one or two; beyond it something never ends them. */
const transactionsMax = 16

/** A step beside its frame. */
const stepOverheadBytes = 256

/** Throws why it may not be done; the answer does it. */
export type Step = () => () => MaybePromise<void>

interface KeptStep {
  readonly step: Step
  readonly bytes: number
}

interface TransactionsOptions {
  /** What the client may have done in one turn of the loop. */
  readonly turn: TurnBudget
  /** Of all steps that wait to be committed. */
  readonly bytesMax: () => number
  /** Takes room that all connections share. Throws when there is none. */
  readonly takeRoom: (bytes: number) => void
  readonly giveBackRoom: (bytes: number) => void
}

export class Transactions {
  private readonly begun = new Map<string, KeptStep[]>()
  private bytes = 0
  private readonly options: TransactionsOptions

  constructor(options: TransactionsOptions) {
    this.options = options
  }

  /** Throws `bad_frame` for one that was begun already, and `too_many_requests` for one too many. */
  begin(name: string): void {
    if (this.begun.has(name))
      throw new LabaError("bad_frame", "A transaction of this name was begun already and is not over.")
    if (this.begun.size >= transactionsMax)
      throw new LabaError(
        "too_many_requests",
        `A connection has at most ${transactionsMax} transactions begun.`,
      )
    this.begun.set(name, [])
  }

  /** Throws `bad_frame` for one that was not begun, and `too_large` and `too_many_requests` when too much waits. */
  add(name: string, step: Step, bytes: number): void {
    const steps = this.stepsOf(name)
    const cost = bytes + stepOverheadBytes
    const bytesMax = this.options.bytesMax()
    if (this.bytes + cost > bytesMax)
      throw new LabaError("too_large", `The transactions of a connection hold at most ${bytesMax} bytes.`, {
        limit: "outboxBytesMax",
      })
    this.options.takeRoom(cost)
    this.bytes += cost
    steps.push({ step, bytes: cost })
  }

  /**
   * Does all of it, or nothing where a step may not be done. Throws `bad_frame` for one that was not begun, and what a step throws. What fails while
   * it is done is the exception: the steps before it stand, and those behind it are not done.
   */
  async commit(name: string): Promise<void> {
    const { turn } = this.options
    const acts = this.take(name).map(({ step }) => step())
    for (const act of acts) {
      turn.countFrame()
      const room = turn.room()
      if (room) await room
      const done = act()
      if (done) await done
    }
  }

  /** Throws `bad_frame` for one that was not begun. */
  abort(name: string): void {
    this.take(name)
  }

  /** The connection has gone: all that was begun is given up. */
  left(): void {
    for (const name of [...this.begun.keys()]) this.take(name)
  }

  private take(name: string): readonly KeptStep[] {
    const steps = this.stepsOf(name)
    this.begun.delete(name)
    let freed = 0
    for (const { bytes } of steps) freed += bytes
    this.bytes -= freed
    this.options.giveBackRoom(freed)
    return steps
  }

  private stepsOf(name: string): KeptStep[] {
    const steps = this.begun.get(name)
    if (steps) return steps
    throw new LabaError("bad_frame", "There is no transaction of this name: BEGIN comes first.")
  }
}
