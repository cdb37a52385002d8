// What all listeners of a run have heard together: how much, how fast, and every fault. Each delivery is checked: for
// each listener the numbers of each publisher go up by exactly one, and all listeners end with the same order.
import { Latency } from "./latency.ts"
import { ageMsOf, numberIn, publisherIn } from "./message.ts"

interface TallyOptions {
  readonly listeners: number
  readonly publishers: number
  /** Every how many listeners one has its latencies taken; reading the clock for each delivery would cost too much. */
  readonly sampleEvery: number
}

export class Tally {
  deliveries = 0
  bytes = 0
  /** `wake` is called once with the delivery that reaches this count. */
  wakeAt = Number.POSITIVE_INFINITY
  wake: () => void = () => {}
  readonly latency = new Latency()
  /** The first faults in words; `faultCount` counts them all. */
  readonly faults: string[] = []
  faultCount = 0
  private readonly publishers: number
  private readonly sampleEvery: number
  /** For listener l and publisher p at l × publishers + p: the number heard last, 0 when none. */
  private readonly heard: Int32Array
  /** A rolling hash of all that each listener heard, in its order. */
  private readonly order: Int32Array
  private readonly counts: Float64Array

  constructor(options: TallyOptions) {
    this.publishers = options.publishers
    this.sampleEvery = options.sampleEvery
    this.heard = new Int32Array(options.listeners * options.publishers)
    this.order = new Int32Array(options.listeners)
    this.counts = new Float64Array(options.listeners)
  }

  /** Takes the message that begins at `start`. */
  add(listener: number, bytes: Uint8Array, start: number): void {
    this.deliveries++
    const publisher = publisherIn(bytes, start)
    const number = numberIn(bytes, start)
    const at = listener * this.publishers + publisher
    const before = this.heard[at]
    // Somebody who joins late begins anywhere; from then on nothing may be missing.
    if (before === undefined || (before !== 0 && number !== before + 1)) {
      this.fault(`listener ${listener} heard ${number} after ${before} of publisher ${publisher}`)
    }
    this.heard[at] = number
    this.counts[listener] = (this.counts[listener] as number) + 1
    this.order[listener] = (Math.imul(this.order[listener] as number, 31) + publisher * 7919 + number) | 0
    if (listener % this.sampleEvery === 0) this.latency.add(ageMsOf(bytes, start))
    if (this.deliveries >= this.wakeAt) {
      this.wakeAt = Number.POSITIVE_INFINITY
      this.wake()
    }
  }

  fault(what: string): void {
    this.faultCount++
    if (this.faults.length < 5) this.faults.push(what)
  }

  /** New publishers begin to count at one again; latencies are those of this run. */
  startRun(): void {
    this.heard.fill(0)
    this.order.fill(0)
    this.counts.fill(0)
    this.latency.clear()
  }

  /** Forgets what a listener has heard: another one takes its place. */
  restart(listener: number): void {
    this.heard.fill(0, listener * this.publishers, (listener + 1) * this.publishers)
    this.order[listener] = 0
    this.counts[listener] = 0
  }

  countOf(listener: number): number {
    return this.counts[listener] as number
  }

  /** Adds a fault for each of these listeners that did not hear the same messages in the same order as the first. */
  compareOrders(listeners: readonly number[]): void {
    const first = listeners[0]
    if (first === undefined) return
    for (const each of listeners) {
      if (this.counts[each] !== this.counts[first]) {
        this.fault(
          `listener ${each} heard ${this.counts[each]} messages, listener ${first} ${this.counts[first]}`,
        )
      } else if (this.order[each] !== this.order[first]) {
        this.fault(`listeners ${each} and ${first} heard another order`)
      }
    }
  }
}
