// A WebSocket that speaks SockJS: each of its frames carries messages of a conversation. Its heartbeats are the pings of WebSocket.
import { type Code, entryOf } from "../../../wire/codes.ts"
import type { Frame } from "../../protocols/protocol.ts"
import {
  BadMessages,
  closeFrame,
  messagesFrame,
  openFrame,
  readMessages,
} from "../../protocols/sockjs/frames.ts"
import type { Converse } from "../conversation/conversation.ts"
import { TurnBudget } from "../conversation/turn-budget.ts"
import type { TransportContext } from "../transport-context.ts"
import { ConversationSocket } from "../websocket/conversation-socket.ts"
import type { Incoming } from "../websocket/socket.ts"
import type { SocketKinds } from "../websocket/socket-kinds.ts"
import { notText, textsOf } from "../../protocols/sockjs/carried-text.ts"

interface SockJsSocketOptions {
  readonly context: TransportContext
  readonly socketKinds: SocketKinds
  readonly converse: Converse
}

export class SockJsSocket extends ConversationSocket {
  private readonly turn = new TurnBudget()

  constructor({ context, socketKinds, converse }: SockJsSocketOptions) {
    super({ context, converse, kindOf: socketKinds.inSockJs })
  }

  override send(frame: Frame): void {
    this.sendAll([frame])
  }

  override sendAll(frames: readonly Frame[]): void {
    if (this.closed) return
    const texts = textsOf(frames)
    if (texts) super.send(messagesFrame(texts))
    else this.conversation.end(notText())
  }

  override closeWith(code: Code): void {
    if (this.closed) return
    super.send(closeFrame(entryOf(code).close ?? 1008, code))
    super.closeWith(code)
  }

  override close(): void {
    if (this.closed) return
    super.send(closeFrame(1000, "Normal closure"))
    super.close()
  }

  protected override opened(): void {
    super.send(openFrame)
    super.opened()
  }

  protected override receive(message: Incoming): Promise<void> | void {
    if (message.length === 0) return
    try {
      if (typeof message !== "string") throw new BadMessages(false)
      return this.receiveAll(readMessages(message))
    } catch (error) {
      if (!(error instanceof BadMessages)) throw error
      this.closeWith("bad_frame")
    }
  }

  /** One after the other, as they stand in the array; others are served between. */
  private receiveAll(messages: readonly string[]): Promise<void> | void {
    for (const [index, message] of messages.entries()) {
      if (this.closed) return
      const work = this.receiveOne(message)
      if (work) return this.receiveAfter(work, messages.slice(index + 1))
    }
  }

  private async receiveAfter(first: Promise<void>, messages: readonly string[]): Promise<void> {
    await first
    for (const message of messages) {
      if (this.closed) return
      const work = this.receiveOne(message)
      if (work) await work
    }
  }

  /** The next one waits for the promise: of what is done, or of a turn in which there is room. */
  private receiveOne(message: string): Promise<void> | void {
    this.turn.countFrame()
    this.turn.countBytes(message.length)
    const work = super.receive(message)
    const room = this.turn.room()
    if (!room) return work
    return work ? work.then(() => room) : room
  }
}
