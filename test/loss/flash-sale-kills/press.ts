// The press of people around those who are watched: a thousand and more click each second, so that what dies dies with many
// tickets in each batch and each transaction. Each clicks once, by a raw connection, and again under the same key until there
// is an answer. What they were promised is compared with the books; what they do not pay for goes to the next.
import type { Socket } from "bun"
import { AnswerReader } from "../../../bench/load/answer-reader.ts"
import type { Crowd, Requests } from "../../../bench/flash-sale/crowd.ts"

interface PressOptions {
  readonly crowd: Crowd
  readonly sale: string
  readonly item: string
  readonly port: number
  readonly perSecond: number
  /** Nobody comes after so many. */
  readonly clicksMax: number
}

/** Clicks that are on their way at the same time, and so about the most tickets that a batch can have. */
const connections = 200

/** Between two tries of what got no answer. */
const againMs = 50

interface Line {
  socket: Socket<Line> | null
  answers: AnswerReader
  /** Who clicks on it right now. */
  clicker: number | null
}

export class Press {
  readonly contradictions: string[] = []
  /** What was promised, by the clicker's place: the whole answer. */
  private readonly promised = new Map<number, string>()
  private readonly refused = new Map<number, number>()
  private readonly options: PressOptions
  private readonly requests: Requests
  private readonly idle: Line[] = []
  private readonly lines = new Set<Line>()
  /** Those who have to click again, before anybody new does. */
  private readonly again: number[] = []
  private readonly began = performance.now()
  private come = 0
  private open = 0
  private stopped = false
  private over = false

  constructor(options: PressOptions) {
    const { crowd, sale, port, clicksMax } = options
    this.options = options
    this.requests = crowd.entering({ sale, port, count: clicksMax })
    for (let at = 0; at < connections; at++) void this.connect()
    void this.run()
  }

  /** Nobody new comes. Resolves once everybody who came has an answer; false when that takes too long. */
  async settled(msMax: number): Promise<boolean> {
    this.stopped = true
    const deadline = performance.now() + msMax
    while (this.open > 0 && performance.now() < deadline) await Bun.sleep(20)
    this.over = true
    for (const { socket } of this.lines) socket?.end()
    return this.open === 0
  }

  /** The numbers that were promised, by user. */
  get numbers(): ReadonlyMap<string, number> {
    return new Map([...this.promised].map(([at, body]) => [this.options.crowd.user(at), numberIn(body)]))
  }

  get facts(): { readonly clicked: number; readonly promised: number; readonly refused: number } {
    return { clicked: this.come, promised: this.promised.size, refused: this.refused.size }
  }

  /** Asks once more under the keys of some who were promised a ticket, and objects to every other answer. */
  async askAgain(count: number): Promise<void> {
    const { port } = this.options
    for (const [at, body] of [...this.promised].slice(0, count)) {
      const [head = "", item = ""] = this.requestOf(at).split("\r\n\r\n")
      const [first = "", ...fields] = head.split("\r\n")
      const answer = await fetch(`http://127.0.0.1:${port}${first.split(" ")[1]}`, {
        method: "POST",
        headers: fields.map((field) => field.split(": ") as [string, string]),
        body: item,
      })
      const said = await answer.text()
      if (said !== body) this.contradictions.push(`${body} was answered again as ${said}`)
    }
  }

  private async run(): Promise<void> {
    const { perSecond, clicksMax } = this.options
    while (!this.over) {
      const due = Math.floor(((performance.now() - this.began) / 1000) * perSecond)
      while (
        this.idle.length > 0 &&
        (this.again.length > 0 || (!this.stopped && this.come < Math.min(due, clicksMax)))
      )
        this.click(this.idle.pop() as Line)
      await Bun.sleep(1)
    }
  }

  private click(line: Line): void {
    let clicker = this.again.pop()
    if (clicker === undefined) {
      clicker = this.come++
      this.open += 1
    }
    line.clicker = clicker
    line.socket?.write(this.requestOf(clicker))
  }

  private requestOf(clicker: number): string {
    const { bytes, length } = this.requests
    const request = bytes.toString("latin1", clicker * length, (clicker + 1) * length)
    const item = JSON.stringify({ item: this.options.item })
    return request.replace("Content-Length: 0\r\n\r\n", `Content-Length: ${item.length}\r\n\r\n${item}`)
  }

  /** Whoever is there is found again and again: it may be dead for a while. */
  private async connect(): Promise<void> {
    while (!this.over) {
      const line: Line = { socket: null, answers: new AnswerReader(), clicker: null }
      try {
        line.socket = await Bun.connect<Line>({
          hostname: "127.0.0.1",
          port: this.options.port,
          data: line,
          socket: {
            data: (_, chunk) => this.take(line, chunk),
            close: () => this.lose(line),
            error: () => this.lose(line),
          },
        })
        this.lines.add(line)
        this.idle.push(line)
        return
      } catch {
        await Bun.sleep(againMs)
      }
    }
  }

  private take(line: Line, chunk: Buffer): void {
    for (const { status, body } of line.answers.read(chunk)) {
      const { clicker } = line
      if (clicker === null) continue
      line.clicker = null
      this.idle.push(line)
      if (status === 201) this.promise(clicker, body)
      // Who comes too early, and whom the shop cannot answer, comes again.
      else if (status === 425 || status >= 500) setTimeout(() => this.again.push(clicker), againMs)
      else this.refuse(clicker, status, body)
    }
  }

  private promise(clicker: number, body: string): void {
    this.promised.set(clicker, body)
    this.open -= 1
  }

  private refuse(clicker: number, status: number, body: string): void {
    this.refused.set(clicker, status)
    this.open -= 1
    // The same key never finds another ticket of the same person.
    if (!/"code":"(SOLD_OUT|CLOSED)"/.test(body))
      this.contradictions.push(`${this.options.crowd.user(clicker)} is refused: ${body}`)
  }

  private lose(line: Line): void {
    if (!this.lines.delete(line)) return
    const at = this.idle.indexOf(line)
    if (at >= 0) this.idle.splice(at, 1)
    if (line.clicker !== null) this.again.push(line.clicker)
    if (!this.over) void this.connect()
  }
}

const numberIn = (body: string): number => (JSON.parse(body) as { number: number }).number
