// All publishers of a run: started together, held back together, stopped when every message was answered.
import { Latency } from "./latency.ts"
import { publishersMax } from "./message.ts"
import { type Aim, type Envelope, Publisher } from "./publisher.ts"

interface PublishingOptions {
  readonly port: number
  readonly publishers: number
  /** The index of the first, where publishers of several servers share a tally. Default 0. */
  readonly first?: number
  /** Requests in flight on each publisher's connection. Default 1. */
  readonly window?: number
  readonly messageBytes: number
  /** More header lines of each publish, each with its end. Default none. */
  readonly headers?: string | undefined
  /** What each message stands in. Default nothing. */
  readonly envelope?: Envelope | undefined
  readonly aim: (publisher: number, sent: number) => Aim
  /** Asked before each message: false holds publishers back until `wake`. */
  readonly mayPublish?: () => boolean
  /** Called for an answer other than 2xx and for a connection that ends: a message that may be lost. */
  readonly onFault: (what: string) => void
}

/** Answers that stop coming for so long will not come. */
const silenceMsMax = 10_000

export class Publishing {
  /** From a request's write to its answer. */
  readonly answers = new Latency()
  private running = false
  private publishers: readonly Publisher[] = []
  private settled: (() => void) | undefined

  static async open(options: PublishingOptions): Promise<Publishing> {
    const {
      publishers,
      first = 0,
      mayPublish,
      window = 1,
      port,
      messageBytes,
      headers,
      envelope,
      aim,
      onFault,
    } = options
    if (publishers > publishersMax) throw new RangeError(`At most ${publishersMax} publishers.`)
    const publishing = new Publishing()
    const open = (_: unknown, index: number): Promise<Publisher> =>
      Publisher.open({
        index: first + index,
        port,
        window,
        messageBytes,
        headers,
        envelope,
        aim,
        mayPublish: () => publishing.running && mayPublish?.() !== false,
        onAnswer: (ms) => publishing.onAnswer(ms),
        onFault,
      })
    publishing.publishers = await Promise.all(Array.from({ length: publishers }, open))
    return publishing
  }

  get published(): number {
    let published = 0
    for (const publisher of this.publishers) published += publisher.sent
    return published
  }

  start(): void {
    this.running = true
    this.wake()
  }

  /** Lets publishers that were held back ask again. */
  wake(): void {
    for (const publisher of this.publishers) publisher.publish()
  }

  /** Resolves when every message in flight has been answered; throws when the server falls silent. */
  async stop(): Promise<void> {
    this.running = false
    if (this.isIdle) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.settled = resolve
    const deadline = setTimeout(
      () => reject(new Error("The server answers publishers no more.")),
      silenceMsMax,
    )
    await promise
    clearTimeout(deadline)
  }

  close(): void {
    for (const publisher of this.publishers) publisher.close()
  }

  private onAnswer(ms: number): void {
    if (Number.isFinite(ms)) this.answers.add(ms)
    if (!this.running && this.settled && this.isIdle) this.settled()
  }

  private get isIdle(): boolean {
    return this.publishers.every((publisher) => publisher.inFlight === 0)
  }
}
