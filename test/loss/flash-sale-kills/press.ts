// The press of people around those who are watched: a thousand and more click each second, so that what dies dies with many
// tickets in each batch and each transaction. Each clicks once, by a raw connection, and again under the same key until there
// is an answer. What they were promised is compared with the books; what they do not pay for goes to the next.
import type { Answer } from "../../../apps/kit/load/answer-reader.ts"
import { RequestConnections } from "../../../apps/kit/load/request-connections.ts"
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

export class Press {
  readonly contradictions: string[] = []
  /** What was promised, by the clicker's place: the whole answer. */
  private readonly promised = new Map<number, string>()
  private readonly refused = new Map<number, number>()
  private readonly options: PressOptions
  private readonly requests: Requests
  /** By the clicker's place. */
  private readonly connections: RequestConnections<number>
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
    this.connections = new RequestConnections({
      hostname: "127.0.0.1",
      port,
      count: connections,
      onAnswer: (clicker, answer) => this.take(clicker, answer),
      onLoss: (clicker) => this.again.push(clicker),
      onFree: () => {},
    })
    void this.run()
  }

  /** Nobody new comes. Resolves once everybody who came has an answer; false when that takes too long. */
  async settled(msMax: number): Promise<boolean> {
    this.stopped = true
    const deadline = performance.now() + msMax
    while (this.open > 0 && performance.now() < deadline) await Bun.sleep(20)
    this.over = true
    this.connections.close()
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
        this.connections.hasFree &&
        (this.again.length > 0 || (!this.stopped && this.come < Math.min(due, clicksMax)))
      )
        this.click()
      await Bun.sleep(1)
    }
  }

  private click(): void {
    let clicker = this.again.pop()
    if (clicker === undefined) {
      clicker = this.come++
      this.open += 1
    }
    this.connections.send(clicker, this.requestOf(clicker))
  }

  private requestOf(clicker: number): string {
    const { bytes, length } = this.requests
    const request = bytes.toString("latin1", clicker * length, (clicker + 1) * length)
    const item = JSON.stringify({ item: this.options.item })
    return request.replace("Content-Length: 0\r\n\r\n", `Content-Length: ${item.length}\r\n\r\n${item}`)
  }

  private take(clicker: number, { status, body }: Answer): void {
    if (status === 201) this.promise(clicker, body)
    // Who comes too early, and whom the shop cannot answer, comes again.
    else if (status === 425 || status >= 500) setTimeout(() => this.again.push(clicker), againMs)
    else this.refuse(clicker, status, body)
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
}

const numberIn = (body: string): number => (JSON.parse(body) as { number: number }).number
