// One client that speaks STOMP: its frames, in the order in which they came. Whether they travel by WebSocket or by TCP is its connection's
// affair. What is wrong is answered by ERROR, and that is the end of the connection, as every version of STOMP has it.
import type { Code } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import { budgetOwnerOf, publisherOf } from "../../access/limits/publish-rates.ts"
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import { readTransaction } from "../../protocols/stomp/commands.ts"
import { readConnect, withHint } from "../../protocols/stomp/connect.ts"
import { bytesOfFrame, type ClientFrame } from "../../protocols/stomp/frame.ts"
import { FrameReader } from "../../protocols/stomp/frame-reader.ts"
import { connectedFrame, receiptFrame, stompErrorFrame } from "../../protocols/stomp/server-frames.ts"
import type { StompVersion } from "../../protocols/stomp/version.ts"
import type { WhyForbidden } from "../connections/connection.ts"
import type { Conversation } from "../conversation/conversation.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import type { Timed } from "../timer-wheel.ts"
import { HeartBeats } from "./heart-beats.ts"
import { Listening } from "./listening.ts"
import { Sending } from "./sending.ts"
import type { StompContext } from "./stomp-context.ts"
import { type Step, Transactions } from "./transactions.ts"
import { TurnBudget } from "../conversation/turn-budget.ts"

/** A client that opens a connection has something to say; one that does not keeps a place from others. */
const connectWithinMs = 10_000

class Deadline implements Timed {
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  readonly onDue: () => void

  constructor(onDue: () => void) {
    this.onDue = onDue
  }
}

export class StompConversation implements Conversation {
  private readonly stomp: StompContext
  private readonly connection: WritableConnection
  private readonly signIn: SignIn
  private readonly reader: FrameReader
  private readonly listening: Listening
  private readonly sending: Sending
  private readonly transactions: Transactions
  private readonly turn = new TurnBudget()
  private beats: HeartBeats | null = null
  /** Until CONNECT has come. */
  private deadline: Deadline | null = null
  /** DISCONNECT or an ERROR was the last word: what comes behind it is not read. */
  private isOver = false

  constructor(stomp: StompContext, connection: WritableConnection, signIn: SignIn) {
    const { limits } = stomp.context
    this.stomp = stomp
    this.connection = connection
    this.signIn = signIn
    this.reader = new FrameReader(limits)
    // Who it is does not change once it has something to say.
    const publisher = () => publisherOf(connection.client.identity, connection.client.addressGroup)
    this.listening = new Listening(stomp, connection, {
      version: () => this.version,
      answerReceipt: (receipt, more) => connection.send(receiptFrame(receipt, this.version, more)),
      end: (error) => this.end(error),
      budgetOwner: () => budgetOwnerOf(publisher()),
    })
    this.sending = new Sending(stomp, connection, this.listening)
    this.transactions = new Transactions({
      bytesMax: () => limits.outboxBytesMax,
      turn: this.turn,
      takeRoom: (bytes) => stomp.transactionBudget.take(publisher(), bytes),
      giveBackRoom: (bytes) => stomp.transactionBudget.giveBack(publisher(), bytes),
    })
  }

  get protocol(): "stomp" {
    return "stomp"
  }

  get channels(): readonly Channel[] {
    return this.listening.channels
  }

  opened(): void {
    this.deadline = new Deadline(() =>
      this.end(new LabaError("silent", "CONNECT or STOMP has not come in time.")),
    )
    this.stomp.context.wheel.add(this.deadline, connectWithinMs)
  }

  receive(message: string | Uint8Array): Promise<void> | void {
    if (this.isOver) return
    this.beats?.hear()
    this.turn.countBytes(message.length)
    this.reader.push(message)
    return this.readOn()
  }

  left(): void {
    this.isOver = true
    this.stopDeadline()
    this.beats?.stop()
    this.listening.left()
    this.transactions.left()
  }

  startSkipping(): (() => void) | null {
    return this.listening.startSkipping()
  }

  endAsSlow(): void {
    this.end(new LabaError("slow", "The frames for this connection were not read in time."))
  }

  end(error: LabaError, receipt?: string): void {
    this.isOver = true
    this.stomp.context.counters.countErrorFrame(error.code)
    this.connection.endWith(stompErrorFrame(error, this.reader.version, receipt), error.code)
  }

  tell(error: LabaError): void {
    this.isOver = true
    this.stomp.context.counters.countErrorFrame(error.code)
    this.connection.send(stompErrorFrame(error, this.reader.version))
  }

  direct(type: string, data: string | Uint8Array): boolean {
    return this.listening.direct(type, data)
  }

  endForbidden(whyForbidden: WhyForbidden): void {
    this.listening.endForbidden(whyForbidden)
  }

  private get version(): StompVersion {
    return this.reader.version ?? "1.0"
  }

  /** Handles what has come whole; the frames behind one that takes its time wait for it. */
  private readOn(): Promise<void> | void {
    for (;;) {
      const work = this.turn.room() ?? this.next()
      if (work === "no more") return
      if (work) return this.readOnAfter(work)
    }
  }

  private async readOnAfter(first: Promise<void>): Promise<void> {
    await first
    for (;;) {
      const work = this.turn.room() ?? this.next()
      if (work === "no more") return
      if (work) await work
    }
  }

  private next(): Promise<void> | void | "no more" {
    if (this.isOver || this.connection.closed) return "no more"
    let frame: ClientFrame | null
    try {
      frame = this.reader.next()
    } catch (error) {
      this.fail(error, this.reader.receipt)
      return "no more"
    }
    if (!frame) return "no more"
    this.turn.countFrame()
    const handled = frame
    try {
      const work = this.handle(frame)
      if (work)
        return work.then(
          () => this.answerReceipt(handled),
          (error: unknown) => this.failIn(handled, error),
        )
      this.answerReceipt(frame)
    } catch (error) {
      this.failIn(frame, error)
    }
    return undefined
  }

  private handle(frame: ClientFrame): MaybePromise<void> {
    switch (frame.command) {
      case "CONNECT":
      case "STOMP":
        return this.connect(frame)
      case "SEND":
        return this.nowOrLater(frame, this.sending.prepare(frame))
      case "SUBSCRIBE":
        return this.listening.subscribe(frame)
      case "UNSUBSCRIBE":
        return this.listening.unsubscribe(frame)
      case "ACK":
      case "NACK":
        return this.nowOrLater(frame, this.listening.prepareAck(frame))
      case "BEGIN":
        return this.transactions.begin(readTransaction(frame))
      case "COMMIT":
        return this.transactions.commit(readTransaction(frame))
      case "ABORT":
        return this.transactions.abort(readTransaction(frame))
      case "DISCONNECT":
        return
      default:
        return frame.command satisfies never
    }
  }

  /** Does it now, or with the transaction that it names. */
  private nowOrLater(frame: ClientFrame, step: Step): MaybePromise<void> {
    const transaction = frame.headers.get("transaction")
    if (transaction === undefined) return step()()
    this.transactions.add(transaction, step, bytesOfFrame(frame))
  }

  private async connect(frame: ClientFrame): Promise<void> {
    const { context, beatMs, serverName } = this.stomp
    const request = readConnect(frame, beatMs)
    this.stopDeadline()
    const { credential } = request
    try {
      await this.signIn({ credential, headers: frame.headers })
    } catch (error) {
      throw credential === null ? error : withHint(error)
    }
    if (this.connection.closed || this.isOver) return
    const { version } = request
    this.reader.version = version
    this.beats = new HeartBeats({
      wheel: context.wheel,
      beats: request.beats,
      send: () => this.connection.send("\n"),
      onSilence: () => this.silent(),
    })
    const session = context.connections.idOf(this.connection.number)
    this.connection.send(
      connectedFrame({ version, session, server: serverName, beatMs, user: this.connection.user }),
    )
  }

  private stopDeadline(): void {
    if (this.deadline) this.stomp.context.wheel.remove(this.deadline)
    this.deadline = null
  }

  private silent(): void {
    this.stomp.context.counters.silent++
    this.connection.cut()
  }

  private answerReceipt({ command, headers }: ClientFrame): void {
    const receipt = headers.get("receipt")
    // That of CONNECT is passed over; that of SUBSCRIBE says where it stands, and is given when it does.
    if (receipt !== undefined && command !== "CONNECT" && command !== "STOMP" && command !== "SUBSCRIBE")
      this.connection.send(receiptFrame(receipt, this.version))
    if (command !== "DISCONNECT") return
    this.isOver = true
    this.connection.close()
  }

  private failIn({ command, headers }: ClientFrame, error: unknown): void {
    if (command === "SEND") this.stomp.context.counters.countRefusedPublish(codeOf(error))
    this.fail(error, headers.get("receipt"))
  }

  private fail(error: unknown, receipt: string | undefined): void {
    if (this.isOver) return
    const known =
      error instanceof LabaError ? error : new LabaError("internal", "The frame failed.", { cause: error })
    const { context } = this.stomp
    if (known.code === "internal") context.reportFailure(this.connection, error)
    else context.reportRefusal(this.connection, known)
    this.end(known, receipt)
  }
}

/** Who a client says it is, at CONNECT. */
export interface SignInRequest {
  /** A key or a token. */
  readonly credential: string | null
  readonly headers: ClientFrame["headers"]
}

/** Lets a client in as who it says it is. Throws why not. */
type SignIn = (request: SignInRequest) => MaybePromise<void>

const codeOf = (error: unknown): Code => (error instanceof LabaError ? error.code : "internal")
