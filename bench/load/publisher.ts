// One publisher: a keep-alive HTTP/1.1 connection with a window of requests in flight. Requests are built once and
// stamped in place; those that may go at the same time leave in one write.
import type { Socket } from "bun"
import { AnswerReader } from "../../apps/kit/load/answer-reader.ts"
import { blankMessage, stamp } from "./message.ts"

interface PublisherOptions {
  readonly index: number
  readonly port: number
  /** Requests in flight on this connection; above 1 they are pipelined. */
  readonly window: number
  readonly messageBytes: number
  /** More header lines, each with its end. Default none. */
  readonly headers?: string | undefined
  /** What the message stands in. Default nothing: the body is the message, as text. */
  readonly envelope?: Envelope | undefined
  /** Where the message that was counted `sent`-th (from 1) goes, and its number there. */
  readonly aim: (publisher: number, sent: number) => Aim
  /** Asked before each message. */
  readonly mayPublish: () => boolean
  /** Called with each answer's latency. */
  readonly onAnswer: (ms: number) => void
  readonly onFault: (what: string) => void
}

/** Text around each message in its request's body, and the body's type. */
export interface Envelope {
  readonly before: string
  readonly after: string
  readonly type: string
}

const noEnvelope: Envelope = { before: "", after: "", type: "text/plain" }

export interface Aim {
  readonly path: string
  readonly number: number
}

const method = "POST "

export class Publisher {
  /** Messages written so far. */
  sent = 0
  /** Messages written and not answered. */
  inFlight = 0
  private socket: Socket<Publisher> | undefined
  private closed = false
  private batch: Buffer = Buffer.alloc(0)
  private requestBytes = 0
  private pathChars = -1
  private readonly sentAt: Float64Array
  private readonly answers = new AnswerReader()
  private readonly options: PublisherOptions

  private constructor(options: PublisherOptions) {
    this.options = options
    this.sentAt = new Float64Array(options.window)
  }

  static async open(options: PublisherOptions): Promise<Publisher> {
    const publisher = new Publisher(options)
    publisher.socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: options.port,
      data: publisher,
      socket: {
        data: (socket, chunk) => socket.data.take(chunk),
        close: (socket) => socket.data.lose(),
      },
    })
    return publisher
  }

  /** Publishes as many messages as the window and `mayPublish` allow. */
  publish(): void {
    const { index, window, aim, mayPublish, onFault } = this.options
    let count = 0
    while (!this.closed && this.inFlight < window && mayPublish()) {
      this.sent++
      const { path, number } = aim(index, this.sent)
      if (path.length !== this.pathChars) {
        if (count > 0)
          throw new Error("Paths of one publisher must all be of the same length to be pipelined.")
        this.build(path)
      }
      const start = count * this.requestBytes
      this.batch.write(path, start + method.length, "latin1")
      const { messageBytes, envelope = noEnvelope } = this.options
      const messageAt = start + this.requestBytes - envelope.after.length - messageBytes
      stamp(this.batch, messageAt, { publisher: index, number })
      this.sentAt[this.sent % window] = performance.now()
      this.inFlight++
      count++
    }
    const bytes = count * this.requestBytes
    if (count > 0 && this.socket?.write(this.batch.subarray(0, bytes)) !== bytes) {
      onFault("A publisher's socket is full: the server reads too slowly for this window.")
    }
  }

  close(): void {
    this.closed = true
    this.socket?.end()
  }

  private take(chunk: Buffer): void {
    const now = performance.now()
    for (const { status } of this.answers.read(chunk)) {
      if (status < 200 || status > 299) this.options.onFault(`Publishing was answered with ${status}.`)
      const answered = this.sent - this.inFlight + 1
      this.inFlight--
      this.options.onAnswer(now - (this.sentAt[answered % this.options.window] as number))
    }
    this.publish()
  }

  private lose(): void {
    if (this.inFlight > 0 && !this.closed) this.options.onFault("The server closed a publisher's connection.")
    this.closed = true
    this.inFlight = 0
    this.options.onAnswer(Number.NaN)
  }

  /** As many requests as the window holds, one after the other. Only path and message change from then on. */
  private build(path: string): void {
    const { port, messageBytes, window, headers = "", envelope = noEnvelope } = this.options
    const { before, after, type } = envelope
    const bytes = before.length + messageBytes + after.length
    const head = `${method}${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: ${type}\r\n${headers}Content-Length: ${bytes}\r\n\r\n${before}`
    const request = Buffer.concat([Buffer.from(head), blankMessage(messageBytes), Buffer.from(after)])
    this.pathChars = path.length
    this.requestBytes = request.length
    this.batch = Buffer.concat(Array.from({ length: window }, () => request))
  }
}
