// A WebSocket that carries a conversation, whatever is said in it.
import type { Code } from "../../../wire/codes.ts"
import type { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Frame, Protocol } from "../../protocols/protocol.ts"
import type { WebSocketClose, WhyForbidden } from "../connections/connection.ts"
import type { Conversation, Converse } from "../conversation/conversation.ts"
import type { TransportContext } from "../transport-context.ts"
import type { GroupKind } from "../transport.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import { type Incoming, Socket } from "./socket.ts"

interface ConversationSocketOptions {
  readonly context: TransportContext
  readonly kindOf: (protocol: Protocol) => GroupKind
  readonly converse: Converse
}

export class ConversationSocket extends Socket implements WritableConnection {
  readonly sharesFrames: boolean = true
  readonly isByteStream = false
  readonly kindOf: (protocol: Protocol) => GroupKind
  protected readonly conversation: Conversation

  constructor({ context, kindOf, converse }: ConversationSocketOptions) {
    super(context)
    this.kindOf = kindOf
    this.conversation = converse(this)
  }

  get protocol() {
    return this.conversation.protocol
  }

  get channels(): readonly Channel[] {
    return this.conversation.channels
  }

  startSkipping(): (() => void) | null {
    return this.conversation.startSkipping()
  }

  override endAsSlow(): void {
    this.conversation.endAsSlow()
  }

  override disconnect(error: LabaError, farewell?: WebSocketClose): void {
    if (!farewell) return this.conversation.end(error)
    this.conversation.tell(error)
    super.disconnect(error, farewell)
  }

  expiring(seconds: number): void {
    this.conversation.expiring?.(seconds)
  }

  endForbidden(whyForbidden: WhyForbidden): void {
    this.conversation.endForbidden(whyForbidden)
  }

  direct(type: string, data: string | Uint8Array): boolean {
    return this.conversation.direct(type, data)
  }

  sendAll(frames: readonly Frame[]): void {
    if (this.closed) return
    // Outside of a handler Bun writes each frame by itself unless it is told to wait.
    this.ws.cork(() => {
      for (const frame of frames) this.send(frame)
    })
  }

  endWith(frame: Frame | null, code: Code): void {
    if (frame !== null) this.send(frame)
    this.closeWith(code)
  }

  close(): void {
    if (!this.closed) this.ws.close(1000)
  }

  cut(): void {
    // A close would wait for a peer that does not answer.
    if (!this.closed) this.ws.terminate()
  }

  protected opened(): void {
    this.conversation.opened()
  }

  protected receive(message: Incoming): Promise<void> | void {
    return this.conversation.receive(message)
  }

  protected left(): void {
    this.conversation.left()
  }
}
