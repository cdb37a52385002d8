// A SockJS session over HTTP: a conversation whose messages wait until a poll or a stream takes them. Nothing is given twice and nothing
// kept that was given, so an answer that is cut ends it. Bounded in bytes, and in the time that it waits for its client.
import { type Code, entryOf } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Frame } from "../../protocols/protocol.ts"
import {
  anotherOpen,
  closeFrame,
  heartbeatFrame,
  messagesFrame,
  openFrame,
} from "../../protocols/sockjs/frames.ts"
import type { Client, WebSocketClose, WhyForbidden } from "../connections/connection.ts"
import type { Conversation, Converse } from "../conversation/conversation.ts"
import { oneByOne } from "../one-by-one.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import type { Reader } from "../slow-readers.ts"
import type { Timed } from "../timer-wheel.ts"
import type { TransportContext } from "../transport-context.ts"
import type { GroupKind } from "../transport.ts"
import { notText, textsOf } from "../../protocols/sockjs/carried-text.ts"
import { MessageQueue } from "./message-queue.ts"
import type { Receiver, ReceiverOwner } from "./receiver.ts"

/** A session that no poll and no stream belongs to ends after this long, and so does the memory of why one ended. As in every SockJS server. */
const unattendedMs = 5000

const kind = oneByOne("sockjs", { writeMicros: 12, messageMicros: 1 })

const normalClose = closeFrame(1000, "Normal closure")
const interrupted = closeFrame(1002, "Connection interrupted")

interface SockJsSessionOptions {
  readonly context: TransportContext
  readonly number: number
  readonly user: string | undefined
  readonly client: Client
  readonly converse: Converse
  /** Nothing is known of it any more. */
  readonly onForgotten: () => void
}

export class SockJsSession implements WritableConnection, Reader, Timed, ReceiverOwner {
  number: number
  readonly transport = "sockjs"
  readonly sharesFrames = false
  readonly isByteStream = false
  user: string | undefined
  client: Client
  /** It is over; what was its end may still be asked for. */
  closed = false
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  private readonly options: SockJsSessionOptions
  private readonly context: TransportContext
  private readonly conversation: Conversation
  private readonly queue: MessageQueue
  private receiver: Receiver | null = null
  /** The last poll, whose answer may not have arrived yet. */
  private answered: Receiver | null = null
  private waiting: string[] = []
  private bytes = 0
  private flushing = false
  /** Its client was told that it is open. */
  private saidOpen = false
  /** When something was written last: what is written is a sign of life as good as a heartbeat, such as those of STOMP. */
  private wroteAtMs = 0
  private lastFrame = normalClose
  private receiverEndsAtMs = 0
  /** Shared by all who wait for it. */
  private draining: PromiseWithResolvers<void> | null = null

  constructor(options: SockJsSessionOptions) {
    const { context } = options
    this.options = options
    this.context = context
    this.number = options.number
    this.user = options.user
    this.client = options.client
    this.conversation = options.converse(this)
    this.queue = new MessageQueue({
      conversation: this.conversation,
      isOver: () => this.closed,
      waitingBytesMax: () => context.limits.outboxBytesMax,
      onFailure: (error) => {
        context.reportFailure(this, error)
        this.endWith(null, "internal")
      },
    })
    context.connections.addReserved(this, options.number)
    context.wheel.add(this, unattendedMs)
    // Now, and not when its stream begins: what a raw listener hears, it hears from its first answer on.
    this.conversation.opened()
  }

  get protocol() {
    return this.conversation.protocol
  }

  get channels(): readonly string[] {
    return this.conversation.channels
  }

  kindOf(): GroupKind {
    return kind
  }

  /** Gives a poll or a stream what there is, and what comes. */
  attach(receiver: Receiver): void {
    if (this.receiver) {
      receiver.write(anotherOpen)
      return receiver.end()
    }
    if (this.closed) return this.sayEnd(receiver)
    this.context.wheel.remove(this)
    this.receiver = receiver
    const lifeMs = this.context.limits.streamSecondsMax * 1000
    this.receiverEndsAtMs = performance.now() + lifeMs
    this.wroteAtMs = performance.now()
    this.waitForHeartbeat()
    if (!this.saidOpen) {
      this.saidOpen = true
      this.writeOut(openFrame)
    }
    this.flush()
  }

  /** Takes what the client sent. Throws `too_many_requests`. */
  take(messages: readonly string[]): void {
    this.queue.add(messages)
  }

  send(frame: Frame): void {
    this.sendAll([frame])
  }

  sendAll(frames: readonly Frame[]): void {
    if (this.closed || !this.keep(frames)) return
    this.flushSoon()
    const { limits, slowReaders } = this.context
    slowReaders.suspect(this)
    // Without a second look: what waits here waits in our memory, and its reader asks for it when it likes.
    if (this.backlogBytes() > limits.outboxBytesMax) slowReaders.judge(this)
  }

  backlogBytes(): number {
    return this.bytes + (this.receiver?.behindBytes ?? 0)
  }

  ready(): Promise<void> | null {
    return this.isDrained ? null : this.drained()
  }

  drained(): Promise<void> {
    this.draining ??= Promise.withResolvers()
    return this.draining.promise
  }

  readOn(): void {
    this.context.slowReaders.progressed(this)
    if (this.isDrained) this.releaseWaiters()
  }

  /** An answer did not arrive whole: what was in it is lost, so the session is over. */
  answerCut(receiver: Receiver): void {
    if (receiver !== this.receiver && receiver !== this.answered) return
    this.receiver = null
    this.answered = null
    // Whoever has passed it on waits for it.
    receiver.end()
    if (this.closed) return
    this.waiting = []
    this.bytes = 0
    this.finish(interrupted)
  }

  /** The same, for a poll that came by another node. */
  pollCut(name: string): void {
    for (const poll of [this.receiver, this.answered]) if (poll?.name === name) this.answerCut(poll)
  }

  startSkipping(): (() => void) | null {
    return this.conversation.startSkipping()
  }

  endAsSlow(): void {
    this.conversation.endAsSlow()
  }

  endWith(frame: Frame | null, code: Code): void {
    if (this.closed) return
    if (frame !== null) this.keepLast(frame)
    this.finish(closeFrame(entryOf(code).close ?? 1008, code))
  }

  close(): void {
    if (!this.closed) this.finish(normalClose)
  }

  cut(): void {
    if (!this.closed) this.finish(interrupted)
  }

  disconnect(error: LabaError, farewell?: WebSocketClose): void {
    if (!farewell || this.closed) return this.conversation.end(error)
    this.conversation.tell(error)
    this.finish(closeFrame(farewell.code, farewell.reason))
  }

  direct(type: string, data: string | Uint8Array): boolean {
    return this.conversation.direct(type, data)
  }

  expiring(seconds: number): void {
    this.conversation.expiring?.(seconds)
  }

  endForbidden(whyForbidden: WhyForbidden): void {
    this.conversation.endForbidden(whyForbidden)
  }

  sendAway(): void {
    this.conversation.end(new LabaError("shutting_down", "This node is going away; open a new session."))
  }

  onDue(): void {
    if (!this.receiver) {
      if (!this.closed) this.finish(interrupted)
      return this.forget()
    }
    if (!this.receiver.isPoll && performance.now() >= this.receiverEndsAtMs) return this.detach()
    const isQuiet = this.quietForMs <= 0
    if (isQuiet) this.wroteAtMs = performance.now()
    this.waitForHeartbeat()
    if (isQuiet) this.writeOut(heartbeatFrame)
  }

  /** How long it may stay silent still. */
  private get quietForMs(): number {
    return this.wroteAtMs + this.context.limits.heartbeatSeconds * 1000 - performance.now()
  }

  private waitForHeartbeat(): void {
    this.context.wheel.add(this, this.quietForMs)
  }

  /** False: it could not be kept, and the session is over by it. */
  private keep(frames: readonly Frame[]): boolean {
    const texts = textsOf(frames)
    if (!texts) {
      this.conversation.end(notText())
      return false
    }
    for (const text of texts) {
      this.waiting.push(text)
      this.bytes += text.length
    }
    return true
  }

  /** What could not be delivered gives way to why. */
  private keepLast(frame: Frame): void {
    if (this.backlogBytes() > this.context.limits.outboxBytesMax) {
      this.waiting = []
      this.bytes = 0
    }
    for (const text of textsOf([frame]) ?? []) {
      this.waiting.push(text)
      this.bytes += text.length
    }
  }

  /** After the turn, so that what comes together leaves together. */
  private flushSoon(): void {
    if (!this.receiver || this.flushing) return
    this.flushing = true
    queueMicrotask(() => {
      this.flushing = false
      this.flush()
    })
  }

  private flush(): void {
    while (this.receiver && this.waiting.length > 0) this.writeOut(messagesFrame(this.takePage()))
    if (this.isDrained) this.releaseWaiters()
  }

  private takePage(): readonly string[] {
    const { pageBytesMax, pageMessagesMax } = this.context.limits
    let count = 0
    let bytes = 0
    for (const text of this.waiting) {
      if (count > 0 && (bytes + text.length > pageBytesMax || count >= pageMessagesMax)) break
      count++
      bytes += text.length
    }
    this.bytes -= bytes
    return this.waiting.splice(0, count)
  }

  private writeOut(frame: string): void {
    const { receiver } = this
    if (!receiver) return
    this.wroteAtMs = performance.now()
    if (!receiver.write(frame)) this.detach()
  }

  /** Its answer is whole; the client opens the next. */
  private detach(): void {
    const { receiver } = this
    if (!receiver) return
    this.receiver = null
    this.answered = receiver
    this.context.wheel.remove(this)
    this.context.wheel.add(this, unattendedMs)
    receiver.end()
  }

  /** Nothing more is said or done in it; its last word may be fetched for as long as a poll may be late. */
  private finish(lastFrame: string): void {
    this.closed = true
    this.lastFrame = lastFrame
    const { receiver, context } = this
    this.receiver = null
    context.wheel.remove(this)
    context.connections.retire(this)
    context.wheel.add(this, unattendedMs)
    if (receiver) this.sayLast(receiver)
    this.conversation.left()
    this.releaseWaiters()
    context.reportGone(this, 1000, "")
  }

  /** Of a session that is over; it may have ended before its client heard of it. */
  private sayEnd(receiver: Receiver): void {
    if (!this.saidOpen) {
      this.saidOpen = true
      receiver.write(openFrame)
      if (receiver.isPoll) return
    }
    this.sayLast(receiver)
  }

  /** A poll has room for one frame: what waits comes first, and the end is for the next. */
  private sayLast(receiver: Receiver): void {
    const { waiting } = this
    if (waiting.length > 0) {
      this.waiting = []
      this.bytes = 0
      const wantsMore = receiver.write(messagesFrame(waiting))
      if (receiver.isPoll) return
      if (!wantsMore) return receiver.end()
    }
    receiver.write(this.lastFrame)
    receiver.end()
  }

  private forget(): void {
    this.context.wheel.remove(this)
    this.context.connections.remove(this)
    this.options.onForgotten()
  }

  private get isDrained(): boolean {
    return this.closed || this.backlogBytes() * 4 <= this.context.limits.outboxBytesMax
  }

  private releaseWaiters(): void {
    const { draining } = this
    this.draining = null
    draining?.resolve()
  }
}
