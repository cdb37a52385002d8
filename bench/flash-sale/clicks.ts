// Buyers who click at a steady rate, whether or not the shop keeps up: the open model. A click that finds no free
// connection waits, and its latency counts from when it was due.
import type { Socket } from "bun"
import { AnswerReader } from "../load/answer-reader.ts"
import { Latency } from "../load/latency.ts"
import type { Requests } from "./crowd.ts"

export interface ClicksOptions {
  readonly port: number
  readonly connections: number
  /** Sent in turn, and from the beginning again when there are more clicks. */
  readonly requests: Requests
}

interface Line {
  readonly answers: AnswerReader
  socket: Socket<Line> | null
  dueAt: number
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
  private readonly lines: Line[] = []
  private idle: Line[] = []
  private due: number[] = []
  private head = 0

  private constructor(requests: Requests) {
    this.requests = requests
  }

  static async open({ port, connections, requests }: ClicksOptions): Promise<Clicks> {
    const clicks = new Clicks(requests)
    const connect = async (): Promise<void> => {
      const line: Line = { answers: new AnswerReader(), socket: null, dueAt: 0 }
      line.socket = await Bun.connect<Line>({
        hostname: "127.0.0.1",
        port,
        data: line,
        socket: {
          data: (socket, chunk) => clicks.take(socket.data, chunk),
          error: (_, error) => {
            throw error
          },
        },
      })
      clicks.lines.push(line)
    }
    while (clicks.lines.length < connections) {
      const more = Math.min(handshakesMax, connections - clicks.lines.length)
      await Promise.all(Array.from({ length: more }, connect))
    }
    clicks.idle = [...clicks.lines]
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
    for (const { socket } of this.lines) socket?.end()
  }

  private get waiting(): number {
    return this.due.length - this.head
  }

  private go(): void {
    const { bytes, length, count } = this.requests
    while (this.waiting > 0 && this.idle.length > 0) {
      const line = this.idle.pop() as Line
      line.dueAt = this.due[this.head++] as number
      line.socket?.write(bytes, (this.sent++ % count) * length, length)
    }
    if (this.waiting > this.waitedMost) this.waitedMost = this.waiting
    if (this.head > 65_536) {
      this.due = this.due.slice(this.head)
      this.head = 0
    }
  }

  private take(line: Line, chunk: Buffer): void {
    for (const { status } of line.answers.read(chunk)) {
      this.latency.add(performance.now() - line.dueAt)
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
      this.answered++
      this.idle.push(line)
    }
    this.go()
  }
}
