// The server that is fuzzed, in a process of its own, and those who watch over it: two healthy listeners, a channel that
// nobody else may change, and the counts that must come back to where they were.
import { residentBytesOf } from "../../bench/measure/process-cost.ts"
import { type HeardMessage, textOf } from "../support/heard.ts"
import type { Listener } from "../support/heard.ts"
import { type ServerProcess, startProcess } from "../support/process.ts"
import { headOf, publish } from "../support/publish.ts"
import { laba, rawWebSocket } from "../support/transports.ts"
import { exchange, statusesIn } from "./exchange.ts"

/** Small budgets, so that whatever grows without a bound stands out from what is kept on purpose. */
const config = {
  sockjs: {
    paths: {
      "/sockjs/raw": { protocol: "raw", channel: "/fuzz/sockjs" },
      "/sockjs/laba": "laba",
      "/sockjs/stomp": "stomp",
    },
    oldTransports: true,
    clientScript: "/sockjs.min.js",
  },
  channels: { "/watched/**": { history: { count: 10_000, bytes: "4MB", time: "1h" } } },
  limits: {
    drainSeconds: 0,
    historyBytesMax: "16MB",
    idempotencyKeysMax: 10_000,
    idempotencySeconds: 10,
    heartbeatSeconds: 5,
  },
} as const

/** Above what it was before the first input. Loading what is needed later takes a third of it, the budgets above a fifth. */
const growthBytesMax = 192 * 1024 * 1024
/** Descriptors that come and go: timers, and sockets of our own clients. */
const descriptorsSlack = 8
/** Sessions that nobody polls live ten seconds, silent sockets as long. */
const restMsMax = 40_000

export class Victim implements AsyncDisposable {
  private readonly server: ServerProcess
  private readonly listeners: readonly Listener[]
  private readonly watched: string
  private readonly descriptorsAtRest: number
  private readonly baselineBytes: number
  private published = 0
  private cursor = ""
  private channels = 0
  private ended: number | null = null
  private printed: number

  private constructor(
    server: ServerProcess,
    facts: { watched: string; listeners: readonly Listener[]; descriptors: number },
  ) {
    this.server = server
    this.watched = facts.watched
    this.listeners = facts.listeners
    this.descriptorsAtRest = facts.descriptors
    this.baselineBytes = residentBytesOf(server.serverPid)
    this.printed = server.printed.length
    void server.exited.then((code) => (this.ended = code))
  }

  static async start(): Promise<Victim> {
    const server = await startProcess({ config })
    // No input can guess it.
    const watched = `/watched/${crypto.randomUUID()}`
    const listeners = await Promise.all([laba, rawWebSocket].map((one) => one.open(server.base, watched)))
    // A raw WebSocket listens once it is open; laba.v1 once it was told so.
    await listeners[0]?.position()
    await publish(server.base + watched, "0")
    for (const listener of listeners) await listener.message()
    const victim = new Victim(server, { watched, listeners, descriptors: await server.descriptors() })
    victim.published = 1
    victim.cursor = (await headOf(server.base + watched)).cursor
    return victim
  }

  get base(): string {
    return this.server.base
  }

  /** A channel for one input alone. */
  freshChannel(): string {
    return `/fuzz/${process.pid.toString(36)}${(this.channels++).toString(36).padStart(6, "0")}`
  }

  /** Messages that a channel keeps. */
  async lengthOf(channel: string): Promise<number> {
    const request = `HEAD ${channel} HTTP/1.1\r\nHost: ${new URL(this.base).host}\r\nConnection: close\r\n\r\n`
    const { answer } = await exchange(this.base, new TextEncoder().encode(request), {
      quietMs: 3000,
      whole: true,
    })
    const length = /^laba-history-length: (\d+)/im.exec(answer)
    if (statusesIn(answer)[0] === 200 && length) return Number(length[1])
    throw new Error(`HEAD ${channel} was answered ${JSON.stringify(answer.slice(0, 300))}`)
  }

  /** What is wrong with the server as its healthy clients see it, or null. */
  async complaint(): Promise<string | null> {
    if (this.ended !== null)
      return `the server ended with ${this.ended}; it printed:\n${this.server.printed.slice(-3000)}`
    try {
      const before = await headOf(this.base + this.watched)
      if (before.cursor !== this.cursor || before.length !== this.published)
        return `the watched channel stands at ${before.cursor} with ${before.length} messages instead of ${this.cursor} with ${this.published}`
      const text = String(this.published++)
      this.cursor = (await publish(this.base + this.watched, text)).cursor
      const heard = await Promise.all(this.listeners.map((one): Promise<HeardMessage> => one.message()))
      if (!heard.every((message) => textOf(message) === text))
        return `healthy listeners heard something else than ${text}`
    } catch (error) {
      return `a healthy client failed: ${String(error).slice(0, 1000)}`
    }
    const said = this.server.printed.slice(this.printed)
    this.printed += said.length
    return /fail|error|internal|panic/i.test(said) ? `the server wrote: ${said.slice(0, 3000)}` : null
  }

  /** What did not come back to where it was, or null. Nothing may be under way. */
  async leftover(): Promise<string | null> {
    const giveUpAt = Date.now() + restMsMax
    let left = await this.restless()
    while (left !== null && Date.now() < giveUpAt) {
      await Bun.sleep(250)
      left = await this.restless()
    }
    if (left !== null) return left
    const bytes = residentBytesOf(this.server.serverPid)
    if (bytes <= this.baselineBytes + growthBytesMax) return null
    return `memory grew from ${this.baselineBytes} to ${bytes} bytes`
  }

  /** Resident memory before the first input and now. */
  get memory(): { readonly baselineBytes: number; readonly bytes: number } {
    return { baselineBytes: this.baselineBytes, bytes: residentBytesOf(this.server.serverPid) }
  }

  private async restless(): Promise<string | null> {
    const descriptors = await this.server.descriptors()
    if (descriptors > this.descriptorsAtRest + descriptorsSlack)
      return `${descriptors} descriptors are open; at rest there were ${this.descriptorsAtRest}`
    const metrics = await fetch(`${this.base}/_/metrics`).then((response) => response.text())
    const counted = [...metrics.matchAll(/^laba_(?:connections|polls_held)(?:\{[^}]*\})? (\d+)/gm)]
    if (counted.length === 0) return "/_/metrics does not tell how many connections are open"
    const open = counted.reduce((sum, match) => sum + Number(match[1]), 0)
    return open === this.listeners.length
      ? null
      : `${open} connections are open and ${this.listeners.length} are ours`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.listeners) await listener[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
  }
}
