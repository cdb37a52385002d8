// A stream of server-sent events as every use of it needs it: writing, its backlog in bytes, heartbeat, the end.
// Knows no channels.
import { type Code, entryOf } from "../../../wire/codes.ts"
import { heartbeatComment, namedBlock, retryLine } from "../../protocols/server-sent-events.ts"
import type { LabaError } from "../../../wire/error.ts"
import type { Connection, ProtocolName, Client } from "../connections/connection.ts"
import type { TransportContext } from "../transport-context.ts"
import { hardLimitFactor, type Reader } from "../slow-readers.ts"
import type { Timed } from "../timer-wheel.ts"

/** What Bun hands to a stream of the type `direct`: bytes go to the socket without a queue of JavaScript's. */
interface DirectController {
  /** The bytes taken, 0 when the client is gone, or a promise for when they are, while the client is behind. */
  write(chunk: Uint8Array): number | Promise<number>
  close(): void
}

export interface EventStreamOptions {
  readonly context: TransportContext
  readonly request: Request
  readonly number: number
  readonly user: string | undefined
  readonly client: Client
}

/** After the end Bun cuts a connection whose client reads no more within this many seconds. */
const lastSeconds = 4

/** When a stream ends by its age, the browser comes back after this long. */
const resumeSoonMs = 100

/** Streams live this share of their longest time at least; the rest is chance, so that they do not all end at once. */
const shortestLife = 0.8

const encoder = new TextEncoder()
const heartbeat = encoder.encode(heartbeatComment)

const headers = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
  "X-Content-Type-Options": "nosniff",
  Vary: "Accept, Origin",
} as const

export abstract class EventStream implements Timed, Reader, Connection {
  /** What makes this a source of Bun's direct streams. */
  get type(): "direct" {
    return "direct"
  }

  number: number
  readonly transport = "sse"
  user: string | undefined
  client: Client
  closed = false
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  protected readonly context: TransportContext
  private controller: DirectController | null = null
  private request: Request | null
  /** Bytes written while the client was behind. */
  private behindBytes = 0
  private isIdle = true
  /** When it has lived its longest; set when it begins. */
  private endsAtMs = 0
  /** Shared by all who wait for it. */
  private draining: PromiseWithResolvers<void> | null = null

  constructor(options: EventStreamOptions) {
    this.context = options.context
    this.request = options.request
    this.number = options.number
    this.user = options.user
    this.client = options.client
  }

  get protocol(): ProtocolName {
    return "raw"
  }

  abstract get channels(): readonly string[]

  /** The response that carries this stream. */
  respond(): Response {
    this.context.setTimeout(this.request as Request, 0)
    // The stream is its own source: three objects fewer for each of what may be a million streams.
    return new Response(new ReadableStream(this as unknown as UnderlyingDefaultSource), { headers })
  }

  /** Bun calls it once, when the response begins. */
  pull(controller: DirectController): void {
    this.controller = controller
    this.context.connections.addReserved(this, this.number)
    const lifeShare = shortestLife + (1 - shortestLife) * Math.random()
    this.endsAtMs = performance.now() + this.context.limits.streamSecondsMax * 1000 * lifeShare
    this.waitForNext(Math.random())
    this.opened()
  }

  /** Bun calls it when the client is gone. */
  cancel(): void {
    this.gone()
  }

  /** The stream stands: subscribe, write the cursor. */
  protected abstract opened(): void
  /** The client is gone, or the stream has ended: leave the hub. */
  protected abstract left(): void
  abstract startSkipping(): (() => void) | null

  /** Writes a chunk that others may share. */
  push(chunk: Uint8Array): void {
    if (this.closed || !this.controller) return
    this.isIdle = false
    const written = this.controller.write(chunk)
    if (typeof written !== "number") this.fellBehind(chunk.length, written)
  }

  pushText(text: string): void {
    this.push(encoder.encode(text))
  }

  backlogBytes(): number {
    return this.behindBytes
  }

  /** Null while less than a quarter of the outbox waits. */
  ready(): Promise<void> | null {
    if (this.closed || this.behindBytes * 4 <= this.context.limits.outboxBytesMax) return null
    return this.drained()
  }

  drained(): Promise<void> {
    this.draining ??= Promise.withResolvers()
    return this.draining.promise
  }

  onDue(): void {
    if (this.closed) return
    if (performance.now() >= this.endsAtMs) return this.reachedMaxAge()
    if (this.isIdle) this.push(heartbeat)
    this.isIdle = true
    this.waitForNext(1)
  }

  direct(type: string, data: string | Uint8Array): boolean {
    const json =
      typeof data === "string"
        ? { type, data }
        : { type, data: Buffer.from(data).toString("base64"), base64: true }
    this.pushText(namedBlock("direct", json))
    return true
  }

  /** Ends the stream and says why, in an event named `close`. */
  closeWith(code: Code): void {
    this.pushLast(namedBlock("close", { code, retry: entryOf(code).retry }))
  }

  endAsSlow(): void {
    this.closeWith("slow")
  }

  disconnect(error: LabaError): void {
    this.closeWith(error.code)
  }

  /** The client comes back by itself, with its cursor. */
  sendAway(retryMs: number): void {
    this.pushLast(retryLine(retryMs))
  }

  /** The stream has reached its longest time. */
  protected reachedMaxAge(): void {
    this.sendAway(resumeSoonMs)
  }

  /** However much waits before it, nobody is judged by the last word. */
  protected pushLast(text: string): void {
    const written = this.controller?.write(encoder.encode(text))
    if (typeof written === "object") written.catch(() => undefined)
    this.finish()
  }

  /** Until the next heartbeat, or a share of it, or the end. */
  private waitForNext(share: number): void {
    const heartbeatMs = this.context.limits.heartbeatSeconds * 1000 * share
    this.context.wheel.add(this, Math.min(heartbeatMs, this.endsAtMs - performance.now()))
  }

  /** In this order: after `close()` the timeout can no longer be set, and a stalled reader would keep socket and backlog. */
  protected finish(): void {
    if (this.closed) return
    const { controller, request } = this
    this.gone()
    if (request) this.context.setTimeout(request, lastSeconds)
    controller?.close()
  }

  private gone(): void {
    if (this.closed) return
    this.closed = true
    this.controller = null
    this.request = null
    this.context.wheel.remove(this)
    this.context.connections.remove(this)
    this.left()
    this.releaseWaiters()
    this.context.reportGone(this, 1000, "")
  }

  private fellBehind(bytes: number, drained: Promise<number>): void {
    this.behindBytes += bytes
    const caughtUp = (): void => {
      this.behindBytes -= bytes
      this.context.slowReaders.progressed(this)
      if (this.behindBytes === 0) this.releaseWaiters()
    }
    drained.then(caughtUp, caughtUp)
    this.judgeBacklog()
  }

  /** Something was added to the backlog. */
  protected judgeBacklog(): void {
    const { slowReaders, limits } = this.context
    slowReaders.suspect(this)
    // Bun itself has no bound here: between two looks a fast publisher could fill the memory.
    if (this.backlogBytes() > limits.outboxBytesMax * hardLimitFactor) slowReaders.judge(this)
  }

  private releaseWaiters(): void {
    const { draining } = this
    this.draining = null
    draining?.resolve()
  }
}
