// The HTTP client of a whole crowd: each asks a question and gets its answer. Who has clicked goes before who has yet to log in.
import { RequestConnections } from "../../kit/load/request-connections.ts"

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
  readonly askedAt: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (why: Error) => void
}

/** An answer that takes longer is lost. It counts from when the question was sent: nobody waits for their turn in vain. */
const answerMsMax = 10_000

export class CrowdClient implements Disposable {
  private readonly host: string
  private readonly connections: RequestConnections<Question>
  private readonly urgent = new Queue<Question>()
  private readonly others = new Queue<Question>()
  private readonly clock: ReturnType<typeof setInterval>

  /** `url` is of a shop on this machine. */
  constructor(url: string, count = 128) {
    const { host, hostname, port } = new URL(url)
    this.host = host
    this.connections = new RequestConnections({
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 80),
      count,
      onAnswer: (question, { status, body }) =>
        question.resolve({ status, body: Buffer.from(body, "latin1").toString() }),
      onLoss: (question) => question.reject(new Error("The connection was lost.")),
      onFree: () => this.next(),
      // Whoever had asked hears of it, and asks again.
      onUnreachable: (error, calledAt) => {
        for (const queue of [this.urgent, this.others])
          if ((queue.next?.askedAt ?? Infinity) < calledAt) return queue.take()?.reject(error)
      },
    })
    this.clock = setInterval(() => this.connections.giveUp(answerMsMax), 1000)
  }

  /** Rejects when the connection was lost, or no answer came in time: whether it was heard is not known then. */
  ask({ method, path, headers = {}, body = "", canWait = false }: Asked): Promise<Answer> {
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const length = Buffer.byteLength(body)
    const text = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}\r\n${fields.join("")}Content-Length: ${length}\r\n\r\n${body}`
    return new Promise((resolve, reject) => {
      ;(canWait ? this.others : this.urgent).add({ text, askedAt: performance.now(), resolve, reject })
      this.next()
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.clock)
    this.connections.close()
  }

  private take(): Question | undefined {
    return this.urgent.take() ?? this.others.take()
  }

  private next(): void {
    while (this.connections.hasFree) {
      const question = this.take()
      if (!question) return
      this.connections.send(question, question.text)
    }
  }
}

/** First in, first out, without moving all the others at each step. */
class Queue<T> {
  private items: T[] = []
  private head = 0

  get next(): T | undefined {
    return this.items[this.head]
  }

  add(item: T): void {
    this.items.push(item)
  }

  take(): T | undefined {
    if (this.head === this.items.length) return undefined
    const item = this.items[this.head++]
    if (this.head > 10_000) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }
}
