// A few connections that are kept, over which a whole crowd asks one after the other. A client for everybody would cost this
// machine more than the shop does, and then the crowd would measure itself.
import type { Socket } from "bun"

export interface Answer {
  readonly status: number
  readonly body: string
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /**
   * Whether it may wait for all that may not. The connections are few, and waiting for one is not the shop's doing: who has
   * clicked goes before who has yet to log in.
   */
  readonly canWait?: boolean
}

interface Question {
  readonly text: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (why: Error) => void
}

interface Line {
  socket: Socket<undefined> | null
  question: Question | null
  askedAt: number
  heard: Buffer
}

/** An answer that takes longer is lost. It counts from when the question was sent: nobody waits for their turn in vain. */
const answerMsMax = 10_000

const headEnd = "\r\n\r\n"

export class Lines implements Disposable {
  private readonly host: string
  private readonly hostname: string
  private readonly port: number
  private readonly most: number
  private readonly lines = new Set<Line>()
  private readonly idle: Line[] = []
  private readonly urgent = new Queue<Question>()
  private readonly others = new Queue<Question>()
  private opening = 0
  private readonly clock: ReturnType<typeof setInterval>

  /** `url` is of a shop on this machine. */
  constructor(url: string, most = 128) {
    const { host, hostname, port } = new URL(url)
    this.host = host
    this.hostname = hostname.replace(/^\[|\]$/g, "")
    this.port = Number(port || 80)
    this.most = most
    this.clock = setInterval(() => this.hangUp(), 1000)
  }

  /** Rejects when the connection was lost, or no answer came in time: whether it was heard is not known then. */
  ask({ method, path, headers = {}, body = "", canWait = false }: Asked): Promise<Answer> {
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const length = Buffer.byteLength(body)
    const text = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}\r\n${fields.join("")}Content-Length: ${length}${headEnd}${body}`
    return new Promise((resolve, reject) => {
      ;(canWait ? this.others : this.urgent).add({ text, resolve, reject })
      this.next()
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.clock)
    for (const { socket } of this.lines) socket?.terminate()
  }

  private get backlog(): number {
    return this.urgent.length + this.others.length
  }

  private take(): Question | undefined {
    return this.urgent.take() ?? this.others.take()
  }

  private next(): void {
    while (this.backlog > 0) {
      const line = this.idle.pop()
      if (!line) {
        if (this.lines.size + this.opening < this.most && this.opening < this.backlog) void this.open()
        return
      }
      const question = this.take() as Question
      line.question = question
      line.askedAt = performance.now()
      line.socket?.write(question.text)
    }
  }

  private async open(): Promise<void> {
    this.opening += 1
    const line: Line = { socket: null, question: null, askedAt: 0, heard: Buffer.alloc(0) }
    try {
      line.socket = await Bun.connect<undefined>({
        hostname: this.hostname,
        port: this.port,
        socket: {
          data: (_, chunk) => this.hear(line, chunk),
          close: () => this.lose(line),
          error: () => this.lose(line),
        },
      })
      this.lines.add(line)
      this.idle.push(line)
    } catch (error) {
      // Nobody answers there: whoever asked hears of it, and asks again.
      this.take()?.reject(error as Error)
    } finally {
      this.opening -= 1
    }
    this.next()
  }

  private hear(line: Line, chunk: Buffer): void {
    line.heard = line.heard.length === 0 ? Buffer.from(chunk) : Buffer.concat([line.heard, chunk])
    const end = line.heard.indexOf(headEnd)
    if (end < 0) return
    const fields = line.heard.toString("latin1", 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(fields)?.[1] ?? 0)
    const start = end + headEnd.length
    if (line.heard.length < start + length) return
    const answer = {
      status: Number(fields.slice(9, 12)),
      body: line.heard.toString("utf8", start, start + length),
    }
    const { question } = line
    line.heard = Buffer.alloc(0)
    line.question = null
    this.idle.push(line)
    question?.resolve(answer)
    this.next()
  }

  private lose(line: Line): void {
    if (!this.lines.delete(line)) return
    const at = this.idle.indexOf(line)
    if (at >= 0) this.idle.splice(at, 1)
    line.question?.reject(new Error("The connection was lost."))
    this.next()
  }

  private hangUp(): void {
    const now = performance.now()
    for (const { question, askedAt, socket } of this.lines)
      if (question && now - askedAt > answerMsMax) socket?.terminate()
  }
}

/** First in, first out, without moving all the others at each step. */
class Queue<T> {
  private items: T[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  add(item: T): void {
    this.items.push(item)
  }

  take(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.items[this.head++]
    if (this.head > 10_000) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }
}
