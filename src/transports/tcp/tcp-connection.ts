// A TCP connection that carries a conversation, whatever is said in it: order of what comes in, backlog, the end.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Frame } from "../../protocols/protocol.ts"
import { anonymousClient } from "../connections/client.ts"
import type { Connection } from "../connections/connection.ts"
import type { Conversation, Converse } from "../conversation/conversation.ts"
import { oneByOne } from "../one-by-one.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import { hardLimitFactor, type Reader } from "../slow-readers.ts"
import type { TransportContext } from "../transport-context.ts"
import type { GroupKind } from "../transport.ts"
import { Outbox } from "./outbox.ts"
import type { TcpPeer, TcpSocket } from "./tcp-peer.ts"

/** Time for a last frame to reach a peer that reads slowly. */
const lastFrameMs = 5000

/** A write is a system call, where many sockets of one topic share none. */
const kind: GroupKind = oneByOne("tcp", { writeMicros: 14, messageMicros: 1.2 })

export class TcpConnection implements WritableConnection, Reader, TcpPeer {
  number = 0
  readonly transport = "tcp"
  user: string | undefined
  client: Connection["client"] = anonymousClient
  closed = false
  readonly sharesFrames = false
  readonly isByteStream = true
  /** The application has heard of it, and is to hear of its end. */
  isKnown = false
  private readonly context: TransportContext
  private readonly socket: TcpSocket
  private readonly conversation: Conversation
  private readonly outbox: Outbox
  /** The last frame was given. */
  private isEnding = false
  /** What came before it was let in, or while something earlier was still being worked on. Null while it is read at once. */
  private incoming: Uint8Array[] | null = []
  /** Shared by all who wait for it. */
  private draining: PromiseWithResolvers<void> | null = null

  constructor(context: TransportContext, socket: TcpSocket, converse: Converse) {
    this.context = context
    this.socket = socket
    this.outbox = new Outbox(socket, () => this.onFlushed())
    this.conversation = converse(this)
    // Whoever has to wait for their turn waits with what they have to say.
    socket.pause()
  }

  get protocol() {
    return this.conversation.protocol
  }

  get channels(): readonly Channel[] {
    return this.conversation.channels
  }

  kindOf(): GroupKind {
    return kind
  }

  /** It is let in: what it says is read from now on. */
  open(): void {
    this.context.connections.addReserved(this, this.number)
    this.conversation.opened()
    const came = this.incoming ?? []
    this.incoming = null
    this.socket.resume()
    for (const bytes of came) this.onData(bytes)
  }

  onData(bytes: Uint8Array): void {
    if (this.closed || this.isEnding) return
    // The runtime may use its memory again.
    const copy = bytes.slice()
    if (this.incoming) {
      this.incoming.push(copy)
      return
    }
    const work = this.receiveSafely(copy)
    if (work) void this.receiveInOrder(work)
  }

  onDrain(): void {
    this.context.slowReaders.progressed(this)
    this.outbox.flush()
  }

  onClose(): void {
    if (this.closed) return
    this.closed = true
    this.outbox.clear()
    this.context.connections.remove(this)
    this.conversation.left()
    this.onFlushed()
    if (this.isKnown) this.context.reportGone(this, 1000, "")
  }

  send(frame: Frame): void {
    this.sendAll([frame])
  }

  /** Whole: who is slow is told so behind it, and not within a frame. */
  sendAll(frames: readonly Frame[]): void {
    if (this.closed || this.isEnding) return
    for (const frame of frames) this.outbox.add(typeof frame === "string" ? Buffer.from(frame) : frame)
    const { outboxBytesMax } = this.context.limits
    if (this.outbox.bytes > outboxBytesMax * hardLimitFactor) this.context.slowReaders.judge(this)
  }

  backlogBytes(): number {
    return this.outbox.bytes
  }

  ready(): Promise<void> | null {
    return this.hasRoom ? null : this.drained()
  }

  drained(): Promise<void> {
    this.draining ??= Promise.withResolvers()
    return this.draining.promise
  }

  startSkipping(): (() => void) | null {
    return this.conversation.startSkipping()
  }

  endAsSlow(): void {
    this.conversation.endAsSlow()
  }

  direct(type: string, data: string | Uint8Array): boolean {
    return this.conversation.direct(type, data)
  }

  disconnect(error: LabaError): void {
    this.conversation.end(error)
  }

  expiring(seconds: number): void {
    this.conversation.expiring?.(seconds)
  }

  endForbidden(whyForbidden: Parameters<NonNullable<Connection["endForbidden"]>>[0]): void {
    this.conversation.endForbidden(whyForbidden)
  }

  sendAway(): void {
    this.conversation.end(new LabaError("shutting_down", "This node is going away; come back."))
  }

  endWith(frame: Frame): void {
    this.send(frame)
    this.close()
  }

  /** Once what waits has left; a peer that does not take it within a while is cut. */
  close(): void {
    if (this.closed || this.isEnding) return
    this.isEnding = true
    // What it still sends is passed over, and its own end is heard.
    this.socket.resume()
    setTimeout(() => this.cut(), lastFrameMs).unref()
    queueMicrotask(() => this.onFlushed())
  }

  cut(): void {
    if (!this.closed) this.socket.terminate()
  }

  private get hasRoom(): boolean {
    return this.closed || this.outbox.bytes * 4 <= this.context.limits.outboxBytesMax
  }

  private onFlushed(): void {
    if (this.hasRoom && this.draining) {
      const { draining } = this
      this.draining = null
      draining.resolve()
    }
    if (this.closed) return
    if (this.outbox.bytes > 0) return this.context.slowReaders.suspect(this)
    if (this.isEnding) this.socket.end()
  }

  private receiveSafely(bytes: Uint8Array): Promise<void> | void {
    try {
      return this.conversation.receive(bytes)
    } catch (error) {
      // What a client can do wrong the conversation answers itself; what arrives here is our own failure.
      this.context.reportFailure(this, error)
      this.cut()
    }
  }

  /** Keeps the order of what a client sent, and stops reading from it while it is ahead of us. */
  private async receiveInOrder(first: Promise<void>, incoming: Uint8Array[] = []): Promise<void> {
    this.incoming = incoming
    this.socket.pause()
    try {
      await first
      for (let next = incoming.shift(); next !== undefined && !this.closed; next = incoming.shift())
        await this.conversation.receive(next)
    } catch (error) {
      this.context.reportFailure(this, error)
      this.cut()
    }
    this.incoming = null
    if (!this.closed) this.socket.resume()
  }
}
