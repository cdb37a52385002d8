// What a client does as one: kept until it is committed, then done in the order in which it came. Bounded in number and bytes; knows no frames.
import { LabaError } from "../../../wire/error.ts"
import type { MaybePromise } from "../../engines/engine.ts"

/** Transactions that one connection may have begun. A client has one or two; beyond it something never ends them. */
const transactionsMax = 16

/** A step beside its frame. */
const stepOverheadBytes = 256

interface Step {
  readonly act: () => MaybePromise<void>
  readonly bytes: number
}

interface TransactionsOptions {
  /** Of all steps that wait to be committed. */
  readonly bytesMax: () => number
  /** Takes room that all connections share. Throws when there is none. */
  readonly takeRoom: (bytes: number) => void
  readonly giveBackRoom: (bytes: number) => void
}

export class Transactions {
  private readonly begun = new Map<string, Step[]>()
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
  add(name: string, act: Step["act"], bytes: number): void {
    const steps = this.stepsOf(name)
    const cost = bytes + stepOverheadBytes
    const bytesMax = this.options.bytesMax()
    if (this.bytes + cost > bytesMax)
      throw new LabaError("too_large", `The transactions of a connection hold at most ${bytesMax} bytes.`, {
        limit: "outboxBytesMax",
      })
    this.options.takeRoom(cost)
    this.bytes += cost
    steps.push({ act, bytes: cost })
  }

  /** Does all of it. Throws `bad_frame` for one that was not begun, and what a step throws; the steps behind that one are not done. */
  async commit(name: string): Promise<void> {
    for (const { act } of this.take(name)) {
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

  private take(name: string): readonly Step[] {
    const steps = this.stepsOf(name)
    this.begun.delete(name)
    let freed = 0
    for (const { bytes } of steps) freed += bytes
    this.bytes -= freed
    this.options.giveBackRoom(freed)
    return steps
  }

  private stepsOf(name: string): Step[] {
    const steps = this.begun.get(name)
    if (steps) return steps
    throw new LabaError("bad_frame", "There is no transaction of this name: BEGIN comes first.")
  }
}
