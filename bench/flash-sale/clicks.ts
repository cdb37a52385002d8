// Buyers who click at a steady rate, whether or not the shop keeps up: the open model. A click that finds no free
// connection waits, and its latency counts from when it was due.
import { RequestConnections } from "../../apps/kit/load/request-connections.ts"
import { Latency } from "../load/latency.ts"
import type { Requests } from "./crowd.ts"

interface ClicksOptions {
  readonly port: number
  readonly connections: number
  /** Sent in turn, and from the beginning again when there are more clicks. */
  readonly requests: Requests
}

/** A click that is on its way. */
interface Click {
  /** Its latency counts from here. */
  readonly dueAt: number
  /** Which of the requests it is. */
  readonly request: number
}

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
  private readonly connections: RequestConnections<Click>
  /**
   * Somebody may have clicked at the very moment at which a server hangs up on who says nothing. It is the same click then, with the
   * same key, as a page would repeat it.
   */
  private readonly lost: Click[] = []
  private due: number[] = []
  private head = 0

  private constructor({ port, connections, requests }: ClicksOptions) {
    this.requests = requests
    this.connections = new RequestConnections({
      hostname: "127.0.0.1",
      port,
      count: connections,
      onAnswer: ({ dueAt }, { status }) => {
        this.latency.add(performance.now() - dueAt)
        this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
        this.answered++
      },
      onLoss: (click) => this.lost.push(click),
      onFree: () => this.go(),
    })
  }

  static async open(options: ClicksOptions): Promise<Clicks> {
    const clicks = new Clicks(options)
    await clicks.connections.ready
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
    this.connections.close()
  }

  private get waiting(): number {
    return this.due.length - this.head
  }

  private go(): void {
    while (this.lost.length > 0 && this.connections.hasFree) this.send(this.lost.pop() as Click)
    while (this.waiting > 0 && this.connections.hasFree)
      this.send({ dueAt: this.due[this.head++] as number, request: this.sent++ % this.requests.count })
    if (this.waiting > this.waitedMost) this.waitedMost = this.waiting
    if (this.head > 65_536) {
      this.due = this.due.slice(this.head)
      this.head = 0
    }
  }

  private send(click: Click): void {
    const { bytes, length } = this.requests
    this.connections.send(click, bytes, click.request * length, length)
  }
}
