// A WebSocket as every protocol on it needs it: heartbeat, backlog, order of what comes in, the end. Knows no frames.
import type { ServerWebSocket } from "bun"
import { type Code, entryOf } from "../../../wire/codes.ts"
import type { LabaError } from "../../../wire/error.ts"
import type { Connection, WebSocketClose, ProtocolName, Client } from "../connections/connection.ts"
import { anonymousClient } from "../connections/client.ts"
import type { TransportContext } from "../transport-context.ts"
import type { Reader } from "../slow-readers.ts"
import type { Timed } from "../timer-wheel.ts"

export type Incoming = string | Uint8Array

/** What Bun keeps beside a WebSocket. */
export type LabaWebSocket = ServerWebSocket<Socket>

/** 1006: without a word, by a client that is gone or by the runtime's net. */
const abnormalClosure = 1006

/** 1012, service restart: the client comes back, later. */
const serviceRestart = 1012

export abstract class Socket implements Timed, Reader, Connection {
  number = 0
  readonly transport = "websocket"
  user: string | undefined
  client: Client = anonymousClient
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  closed = false
  protected readonly context: TransportContext
  private webSocket: LabaWebSocket | null = null
  /** Something came from it since the last ping. */
  private isAlive = true
  /** What came while an earlier message was still being worked on. Null while nothing is. */
  private incoming: Incoming[] | null = null
  /** Shared by all who wait for it. */
  private draining: PromiseWithResolvers<void> | null = null

  constructor(context: TransportContext) {
    this.context = context
  }

  get ws(): LabaWebSocket {
    return this.webSocket as LabaWebSocket
  }

  /** The connection stands: say hello, subscribe. */
  protected abstract opened(): void
  /** One message from the client. The next one waits for the promise. */
  protected abstract receive(message: Incoming): Promise<void> | void
  /** The connection is gone: leave the hub. */
  protected abstract left(): void
  abstract startSkipping(): (() => void) | null
  abstract direct(type: string, data: string | Uint8Array): boolean
  abstract get protocol(): ProtocolName
  abstract get channels(): readonly string[]

  onOpen(ws: LabaWebSocket): void {
    this.webSocket = ws
    this.context.connections.addReserved(this, this.number)
    // Spread over the whole interval, or a storm of reconnects would become a storm of pings.
    this.context.wheel.add(this, Math.random() * this.context.limits.heartbeatSeconds * 1000)
    this.opened()
  }

  onMessage(message: Incoming): void {
    this.isAlive = true
    if (this.incoming) {
      this.incoming.push(message)
      return
    }
    const receiveSafely = this.work(message)
    if (receiveSafely) void this.receiveInOrder(receiveSafely)
  }

  onPong(): void {
    this.isAlive = true
  }

  onDrain(): void {
    this.context.slowReaders.progressed(this)
    const { draining } = this
    this.draining = null
    draining?.resolve()
  }

  onClose(code: number, reason: string): void {
    if (this.closed) return
    this.closed = true
    if (code === abnormalClosure && this.context.slowReaders.isAbove(this)) this.context.reportSlowCut(this)
    this.context.wheel.remove(this)
    this.context.connections.remove(this)
    this.left()
    this.onDrain()
    this.context.reportGone(this, code, reason)
  }

  onDue(): void {
    if (this.closed) return
    if (!this.isAlive) {
      this.context.counters.silent++
      // A close would wait for a peer that does not answer.
      this.ws.terminate()
      return
    }
    this.isAlive = false
    this.ws.ping()
    this.context.wheel.add(this, this.context.limits.heartbeatSeconds * 1000)
  }

  backlogBytes(): number {
    return this.ws.getBufferedAmount()
  }

  /** Sends to this socket alone. */
  send(frame: string | Uint8Array): void {
    if (this.closed) return
    // 0 is said of empty frames too; then nothing waits.
    if (this.ws.send(frame) <= 0) this.context.slowReaders.suspect(this)
  }

  /** Null while less than a quarter of the outbox waits. */
  ready(): Promise<void> | null {
    if (this.closed || this.backlogBytes() * 4 <= this.context.limits.outboxBytesMax) return null
    return this.drained()
  }

  drained(): Promise<void> {
    this.draining ??= Promise.withResolvers()
    return this.draining.promise
  }

  endAsSlow(): void {
    this.closeWith("slow")
  }

  /** Ends the connection with a code's number and the code as its reason. */
  closeWith(code: Code): void {
    if (this.closed) return
    this.ws.close(entryOf(code).close ?? 1008, code)
  }

  disconnect(error: LabaError, close?: WebSocketClose): void {
    if (!close) return this.closeWith(error.code)
    if (!this.closed) this.ws.close(close.code, close.reason)
  }

  sendAway(): void {
    if (!this.closed) this.ws.close(serviceRestart, "shutting_down")
  }

  private work(message: Incoming): Promise<void> | void {
    try {
      return this.receive(message)
    } catch (error) {
      // `receive` answers what a client can do wrong itself; what arrives here is our own failure.
      this.context.reportFailure(this, error)
      this.closeWith("internal")
    }
  }

  /** Keeps the order of what a client sent, and stops reading from it while it is ahead of us. */
  private async receiveInOrder(first: Promise<void>): Promise<void> {
    const incoming: Incoming[] = []
    this.incoming = incoming
    this.ws.pause()
    try {
      await first
      for (let next = incoming.shift(); next !== undefined && !this.closed; next = incoming.shift())
        await this.receive(next)
    } catch (error) {
      this.context.reportFailure(this, error)
      this.closeWith("internal")
    }
    this.incoming = null
    if (!this.closed) this.ws.resume()
  }
}
