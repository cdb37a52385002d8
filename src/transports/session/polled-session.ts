// A laba.v1 conversation whose frames are fetched: numbered, kept until they are acknowledged, so that an answer lost
// on the way loses nothing. Bounded in bytes; who does not fetch is slow.
import { LabaError } from "../../../wire/error.ts"
import type { Connection, WhyForbidden, Client } from "../connections/connection.ts"
import { LabaConversation, type ConversationStart } from "../laba/laba-conversation.ts"
import type { LabaConnection } from "../laba/laba-connection.ts"
import { oneByOne } from "../one-by-one.ts"
import type { TransportContext } from "../transport-context.ts"
import type { Reader } from "../slow-readers.ts"
import type { Timed } from "../timer-wheel.ts"
import type { GroupKind } from "../transport.ts"
import { CommandQueue } from "./command-queue.ts"

/** A session that nobody polls ends after this long. Covers a lost answer and a slow phone, not a closed tab. */
const unpolledMs = 10_000

const kind = oneByOne("session-poll", { writeMicros: 25, messageMicros: 0.5 })

export interface PolledSessionOptions extends ConversationStart {
  readonly context: TransportContext
  readonly number: number
  readonly user: string | undefined
  readonly client: Client
}

export class PolledSession implements LabaConnection, Connection, Reader, Timed {
  number: number
  readonly transport = "poll"
  user: string | undefined
  client: Client
  /** It is over; its last frame may still be fetched. */
  closed = false
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  readonly commands: CommandQueue
  private readonly context: TransportContext
  private readonly conversation: LabaConversation
  /** Frames not yet acknowledged; the first has the number `acked + 1`. */
  private frames: string[] = []
  private acked = 0
  private sent = 0
  /** An ack may not go back, except over frames that were dropped for the last one. */
  private lowestAck = 0
  private bytes = 0
  private held: ((answer: string) => void) | null = null
  private answering = false
  /** Shared by all who wait for it. */
  private draining: PromiseWithResolvers<void> | null = null

  constructor(options: PolledSessionOptions) {
    this.context = options.context
    this.number = options.number
    this.user = options.user
    this.client = options.client
    this.conversation = new LabaConversation(options.context, this, options)
    this.commands = new CommandQueue(this.conversation)
    this.context.connections.addReserved(this, options.number)
    this.context.wheel.add(this, unpolledMs)
    this.conversation.opened()
  }

  kindOf(): GroupKind {
    return kind
  }

  get protocol(): "laba" {
    return "laba"
  }

  get channels(): readonly string[] {
    return this.conversation.channels
  }

  /** What the first request is answered with: `hello` and whatever came with it. */
  firstAnswer(): string {
    return this.page()
  }

  /** The frames after `ack`, held for `waitMs` while there are none. Throws `bad_query`. */
  poll(ack: number, waitMs: number): Promise<string> | string {
    if (ack < this.lowestAck || ack > this.sent) {
      throw new LabaError("bad_query", `\`ack\` is a number from ${this.lowestAck} to ${this.sent} here.`)
    }
    this.acknowledge(ack)
    if (this.closed && this.frames.length === 0) {
      this.forget()
      throw new LabaError("gone", "This session is over; open a new one.")
    }
    // One poll at a time: the earlier one is answered empty, so that its client sees it was replaced.
    this.release(this.emptyPage())
    if (this.frames.length > 0 || waitMs === 0 || this.closed) return this.finishAnswer(this.page())
    this.context.wheel.remove(this)
    this.context.wheel.add(this, waitMs)
    return new Promise((resolve) => {
      this.held = resolve
    })
  }

  /** The client of the held poll is gone. */
  abandonPoll(): void {
    this.held = null
    this.waitForPoll()
  }

  send(frame: string): void {
    this.sendAll([frame])
  }

  sendAll(frames: readonly string[]): void {
    if (this.closed) return
    for (const frame of frames) {
      this.frames.push(frame)
      this.bytes += frame.length
    }
    this.answerSoon()
    // Without a second look: what waits here waits in our memory, and its reader asks for it when it likes.
    if (this.bytes > this.context.limits.outboxBytesMax) this.context.slowReaders.judge(this)
  }

  backlogBytes(): number {
    return this.bytes
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

  ready(): Promise<void> | null {
    return this.isDrained ? null : this.drained()
  }

  drained(): Promise<void> {
    this.draining ??= Promise.withResolvers()
    return this.draining.promise
  }

  /** The last frame may be fetched for as long as a poll may be late, and nothing else is left of the session. */
  endWith(frame: string): void {
    if (this.closed) return
    this.frames.push(frame)
    this.bytes += frame.length
    this.close()
    this.context.connections.retire(this)
    // How often it is asked for makes no difference.
    this.context.wheel.add(this, unpolledMs)
    if (this.bytes > this.context.limits.outboxBytesMax) {
      // What could not be delivered gives way to why.
      this.acked = this.sent
      this.frames = [frame]
      this.bytes = frame.length
    }
    this.answerSoon()
  }

  disconnect(error: LabaError): void {
    this.conversation.end(error)
  }

  expiring(seconds: number): void {
    this.conversation.expiring(seconds)
  }

  endForbidden(whyForbidden: WhyForbidden): void {
    this.conversation.endForbidden(whyForbidden)
  }

  sendAway(): void {
    this.conversation.end(new LabaError("shutting_down", "This node is going away; open a new session."))
  }

  leave(): void {
    if (this.closed) return
    this.close()
    this.release(this.emptyPage())
    this.forget()
  }

  onDue(): void {
    if (this.held) this.release(this.emptyPage())
    else if (this.closed) this.forget()
    else this.leave()
  }

  /** It does nothing any more, and nothing more is said to it. */
  private close(): void {
    this.closed = true
    this.context.wheel.remove(this)
    this.conversation.left()
    this.releaseReady()
    this.context.reportGone(this, 1000, "")
  }

  private forget(): void {
    this.context.wheel.remove(this)
    this.context.connections.remove(this)
  }

  private get isDrained(): boolean {
    return this.closed || this.bytes * 4 <= this.context.limits.outboxBytesMax
  }

  private acknowledge(ack: number): void {
    this.lowestAck = ack
    if (ack < this.acked) return
    const done = this.frames.splice(0, ack - this.acked)
    this.acked = ack
    for (const frame of done) this.bytes -= frame.length
    if (this.isDrained) this.releaseReady()
  }

  private page(): string {
    let count = 0
    let bytes = 0
    for (const frame of this.frames) {
      if (count > 0 && bytes + frame.length > this.context.limits.pageBytesMax) break
      count++
      bytes += frame.length
    }
    const last = this.acked + count
    this.sent = Math.max(this.sent, last)
    return `{"ack":${last},"frames":[${this.frames.slice(0, count).join(",")}]}`
  }

  private emptyPage(): string {
    return `{"ack":${this.acked},"frames":[]}`
  }

  /** After the turn, so that what comes together leaves together. */
  private answerSoon(): void {
    if (!this.held || this.answering) return
    this.answering = true
    queueMicrotask(() => {
      this.answering = false
      if (this.held && this.frames.length > 0) this.release(this.page())
    })
  }

  private release(answer: string): void {
    const { held } = this
    this.held = null
    if (!held) return
    held(this.finishAnswer(answer))
  }

  private finishAnswer(answer: string): string {
    this.waitForPoll()
    return answer
  }

  private waitForPoll(): void {
    if (this.closed) return
    this.context.wheel.remove(this)
    this.context.wheel.add(this, unpolledMs)
  }

  private releaseReady(): void {
    const { draining } = this
    this.draining = null
    draining?.resolve()
  }
}
