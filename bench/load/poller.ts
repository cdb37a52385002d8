// One client that polls: over a kept connection it asks for what came since its cursor, held by the server or at an
// interval of its own, and checks what it gets as every listener does.
import type { Socket } from "bun"
import { type Answer, AnswerReader } from "../../apps/kit/load/answer-reader.ts"
import { headBytes, marker } from "./message.ts"
import type { Tally } from "./tally.ts"

interface PollerOptions {
  readonly index: number
  readonly port: number
  readonly path: string
  readonly tally: Tally
  /** Seconds that the server may hold a poll; 0 answers at once. */
  readonly waitSeconds: number
  /** Milliseconds between two polls; 0 asks again at once. */
  readonly everyMs: number
}

export class Poller {
  requests = 0
  private cursor = ""
  private left = false
  private socket: Socket<Poller> | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly ready = Promise.withResolvers<void>()
  private readonly reader = new AnswerReader()
  private readonly options: PollerOptions

  private constructor(options: PollerOptions) {
    this.options = options
  }

  /** Resolves when it holds a cursor: from then on it misses nothing. */
  static async open(options: PollerOptions): Promise<Poller> {
    const poller = new Poller(options)
    poller.socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: options.port,
      data: poller,
      socket: {
        data: (socket, chunk) => socket.data.take(chunk),
        close: (socket) => socket.data.lose(),
      },
    })
    poller.ask("wait=0")
    await poller.ready.promise
    return poller
  }

  leave(): void {
    this.left = true
    clearTimeout(this.timer)
    this.socket?.end()
  }

  private ask(query: string): void {
    this.requests++
    this.socket?.write(
      `GET ${this.options.path}?${query} HTTP/1.1\r\nHost: 127.0.0.1:${this.options.port}\r\n\r\n`,
    )
  }

  private take(chunk: Buffer): void {
    this.options.tally.bytes += chunk.length
    for (const answer of this.reader.read(chunk)) this.hear(answer)
  }

  private hear(answer: Answer): void {
    const { index, tally, waitSeconds, everyMs } = this.options
    if (answer.status !== 200) {
      tally.fault(`poller ${index} was answered with ${answer.status}`)
      return this.leave()
    }
    const { cursor, reset } = JSON.parse(answer.body) as { cursor: string; reset: unknown }
    if (reset) tally.fault(`poller ${index} was told to reset: ${JSON.stringify(reset)}`)
    const bytes = Buffer.from(answer.body, "latin1")
    for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + headBytes)) {
      tally.add(index, bytes, at)
    }
    const first = this.cursor === ""
    this.cursor = cursor
    if (first) this.ready.resolve()
    if (this.left) return
    const again = (): void => this.ask(`wait=${waitSeconds}&after=${this.cursor}`)
    // Pollers that begin together must not go on together: each begins somewhere in its interval.
    if (everyMs === 0) again()
    else this.timer = setTimeout(again, first ? Math.random() * everyMs : everyMs)
  }

  private lose(): void {
    if (!this.left) this.options.tally.fault(`poller ${this.options.index} lost its connection`)
    this.left = true
  }
}
