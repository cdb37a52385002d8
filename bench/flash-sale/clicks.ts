// Buyers who click at a steady rate, whether or not the shop keeps up: the open model. A click that finds no free
// connection waits, and its latency counts from when it was due.
import type { Socket } from "bun"
import { AnswerReader } from "../load/answer-reader.ts"
import { Latency } from "../load/latency.ts"
import type { Requests } from "./crowd.ts"

interface ClicksOptions {
  readonly port: number
  readonly connections: number
  /** Sent in turn, and from the beginning again when there are more clicks. */
  readonly requests: Requests
}

interface Line {
  readonly answers: AnswerReader
  socket: Socket<Line> | null
  /** When the click was due that it waits for the answer to; null while it has none. */
  dueAt: number | null
  /** Which of the requests it is. */
  request: number
}

/** Handshakes at the same time. Below the 512 that Bun keeps waiting for `accept`. */
const handshakesMax = 128

/** How long answers may take after the last click: a shop that cannot keep up is to be seen, not waited for. */
const answersMsMax = 120_000

export class Clicks {
  /** Answers by status. */
  readonly statuses = new Map<number, number>()
  readonly latency = new Latency()
  sent = 0
  answered = 0
  /** The most clicks that waited for a connection. */
  waitedMost = 0
  private readonly requests: Requests
  private readonly lines = new Set<Line>()
  private hungUpOn: Line[] = []
  private closed = false
  private idle: Line[] = []
  private due: number[] = []
  private head = 0

  private constructor(requests: Requests) {
    this.requests = requests
  }

  static async open({ port, connections, requests }: ClicksOptions): Promise<Clicks> {
    const clicks = new Clicks(requests)
    while (clicks.lines.size < connections) {
      const more = Math.min(handshakesMax, connections - clicks.lines.size)
      await Promise.all(Array.from({ length: more }, () => clicks.connect(port)))
    }
    return clicks
  }

  /** Clicks `perSecond` times a second for some seconds, then waits for the answers. */
  async run(perSecond: number, seconds: number): Promise<void> {
    const start = performance.now()
    const total = perSecond * seconds
    const before = this.sent + this.waiting
    for (let made = 0; made < total;) {
      const now = performance.now()
      const wanted = Math.min(total, Math.floor(((now - start) / 1000) * perSecond))
      for (; made < wanted; made++) this.due.push(start + (made / perSecond) * 1000)
      this.go()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const deadline = performance.now() + answersMsMax
    while (this.answered < before + total && performance.now() < deadline) {
      this.go()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  close(): void {
    this.closed = true
    for (const { socket } of this.lines) socket?.end()
  }

  private async connect(port: number): Promise<void> {
    const line: Line = { answers: new AnswerReader(), socket: null, dueAt: null, request: 0 }
    line.socket = await Bun.connect<Line>({
      hostname: "127.0.0.1",
      port,
      data: line,
      socket: {
        data: (socket, chunk) => this.take(socket.data, chunk),
        close: (socket) => this.hungUp(socket.data, port),
        error: (_, error) => {
          throw error
        },
      },
    })
    this.lines.add(line)
    this.idle.push(line)
  }

  /** A server hangs up on who says nothing for some seconds, and while it is fast most lines do. */
  private hungUp(line: Line, port: number): void {
    if (this.closed) return
    this.lines.delete(line)
    this.idle = this.idle.filter((other) => other !== line)
    // At that very moment somebody may have clicked. It is the same click then, with the same key, as a page would repeat it.
    if (line.dueAt !== null) this.hungUpOn.push(line)
    void this.connect(port)
  }

  private get waiting(): number {
    return this.due.length - this.head
  }

  private go(): void {
    while (this.hungUpOn.length > 0 && this.idle.length > 0) {
      const { dueAt, request } = this.hungUpOn.pop() as Line
      this.write(this.idle.pop() as Line, dueAt as number, request)
    }
    while (this.waiting > 0 && this.idle.length > 0)
      this.write(this.idle.pop() as Line, this.due[this.head++] as number, this.sent++ % this.requests.count)
    if (this.waiting > this.waitedMost) this.waitedMost = this.waiting
    if (this.head > 65_536) {
      this.due = this.due.slice(this.head)
      this.head = 0
    }
  }

  private write(line: Line, dueAt: number, request: number): void {
    const { bytes, length } = this.requests
    line.dueAt = dueAt
    line.request = request
    const written = line.socket?.write(bytes, request * length, length)
    if (written !== length) throw new Error(`Of a click ${written} bytes were written.`)
  }

  private take(line: Line, chunk: Buffer): void {
    for (const { status } of line.answers.read(chunk)) {
      this.latency.add(performance.now() - (line.dueAt ?? Number.NaN))
      line.dueAt = null
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
      this.answered++
      this.idle.push(line)
    }
    this.go()
  }
}
