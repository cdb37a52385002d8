// Publishers over keep-alive HTTP/1.1: each has one connection and one prebuilt request that is stamped and written
// again as soon as its answer is in. As many publishers as messages in flight.
import type { Socket } from "bun"
import { AnswerReader } from "./answer-reader.ts"
import { Latency } from "./latency.ts"
import { blankMessage, publishersMax, stamp } from "./message.ts"

export interface PublishingOptions {
  readonly port: number
  readonly publishers: number
  readonly messageBytes: number
  /** Where the next message of a publisher goes. */
  readonly pathOf: (publisher: number, number: number) => string
  /** Asked before each message: false makes the publisher wait for `wake`. */
  readonly mayPublish?: () => boolean
  /** Called for an answer other than 2xx and for a connection that ends: a message that may be lost. */
  readonly onFault: (what: string) => void
}

export class Publishing {
  published = 0
  /** From a request's write to its answer. */
  readonly answers = new Latency()
  private running = false
  private readonly publishers: Publisher[] = []
  private readonly waiting: Publisher[] = []
  private idle: (() => void) | undefined
  private readonly options: PublishingOptions

  private constructor(options: PublishingOptions) {
    this.options = options
  }

  static async open(options: PublishingOptions): Promise<Publishing> {
    if (options.publishers > publishersMax) throw new RangeError(`At most ${publishersMax} publishers.`)
    const publishing = new Publishing(options)
    for (let index = 0; index < options.publishers; index++) {
      publishing.publishers.push(await Publisher.open(publishing, index, options))
    }
    return publishing
  }

  start(): void {
    this.running = true
    for (const publisher of this.publishers) this.next(publisher)
  }

  /** Resolves when every message in flight has been answered. */
  async stop(): Promise<void> {
    this.running = false
    this.waiting.length = 0
    if (this.publishers.every((each) => !each.busy)) return
    await new Promise<void>((resolve) => (this.idle = resolve))
  }

  /** Lets waiting publishers ask again whether they may go on. */
  wake(): void {
    for (const publisher of this.waiting.splice(0)) this.next(publisher)
  }

  /** The number of the publisher's newest message. */
  numberOf(publisher: number): number {
    return (this.publishers[publisher] as Publisher).number
  }

  close(): void {
    for (const publisher of this.publishers) publisher.close()
  }

  next(publisher: Publisher): void {
    if (!this.running) {
      this.settle()
    } else if (this.options.mayPublish?.() === false) {
      this.waiting.push(publisher)
    } else {
      publisher.publish()
      this.published++
    }
  }

  /** A publisher whose connection is gone publishes no more. */
  retire(publisher: Publisher): void {
    this.publishers.splice(this.publishers.indexOf(publisher), 1)
    this.settle()
  }

  private settle(): void {
    if (!this.idle || this.publishers.some((each) => each.busy)) return
    this.idle()
    this.idle = undefined
  }
}

class Publisher {
  busy = false
  number = 0
  private sentAt = 0
  private path = ""
  private request: Buffer = Buffer.alloc(0)
  private messageAt = 0
  private socket: Socket<Publisher> | undefined
  private readonly answer = new AnswerReader()
  private readonly publishing: Publishing
  private readonly index: number
  private readonly options: PublishingOptions

  private constructor(publishing: Publishing, index: number, options: PublishingOptions) {
    this.publishing = publishing
    this.index = index
    this.options = options
  }

  static async open(publishing: Publishing, index: number, options: PublishingOptions): Promise<Publisher> {
    const publisher = new Publisher(publishing, index, options)
    publisher.socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: options.port,
      data: publisher,
      socket: {
        data: (socket, chunk) => socket.data.take(chunk),
        close: (socket) => socket.data.lost(),
      },
    })
    return publisher
  }

  publish(): void {
    this.number++
    this.prepare(this.options.pathOf(this.index, this.number))
    stamp(this.request, this.messageAt, { publisher: this.index, number: this.number })
    this.busy = true
    this.sentAt = performance.now()
    if (this.socket?.write(this.request) !== this.request.length)
      this.options.onFault("A publisher's socket is full.")
  }

  take(chunk: Buffer): void {
    for (const status of this.answer.read(chunk)) {
      if (status < 200 || status > 299) this.options.onFault(`Publishing was answered with ${status}.`)
      this.publishing.answers.add(performance.now() - this.sentAt)
      this.busy = false
      this.publishing.next(this)
    }
  }

  lost(): void {
    if (!this.busy) return
    this.options.onFault("The server closed a publisher's connection.")
    this.busy = false
    this.publishing.retire(this)
  }

  close(): void {
    this.busy = false
    this.socket?.end()
  }

  /** Builds the request anew only when the path changes. */
  private prepare(path: string): void {
    if (path === this.path) return
    const { port, messageBytes } = this.options
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: text/plain\r\nContent-Length: ${messageBytes}\r\n\r\n`
    this.path = path
    this.messageAt = head.length
    this.request = Buffer.concat([Buffer.from(head), blankMessage(messageBytes)])
  }
}
