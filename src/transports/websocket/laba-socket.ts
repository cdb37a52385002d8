// A WebSocket that speaks laba.v1: the conversation over a socket.
import type { Code } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import { BadFrame, decodeFrame } from "../../protocols/laba/commands.ts"
import { directFrame } from "../../protocols/laba/frames.ts"
import { LabaConversation, type ConversationStart } from "../laba/laba-conversation.ts"
import type { LabaConnection } from "../laba/laba-connection.ts"
import type { WebSocketClose, WhyForbidden } from "../connections/connection.ts"
import type { TransportContext } from "../transport-context.ts"
import type { GroupKind } from "../transport.ts"
import { type Incoming, Socket } from "./socket.ts"
import { executeCommand } from "../laba/execute-command.ts"

interface LabaSocketOptions extends ConversationStart {
  readonly context: TransportContext
  readonly kind: GroupKind
}

export class LabaSocket extends Socket implements LabaConnection {
  readonly kind: GroupKind
  private readonly conversation: LabaConversation
  private start: ConversationStart | null

  constructor(options: LabaSocketOptions) {
    super(options.context)
    this.kind = options.kind
    this.start = options
    this.conversation = new LabaConversation(options.context, this)
  }

  get protocol(): "laba" {
    return "laba"
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

  override disconnect(error: LabaError, close?: WebSocketClose): void {
    if (!close) return this.conversation.end(error)
    this.conversation.tell(error)
    super.disconnect(error, close)
  }

  endWith(frame: string, code: Code): void {
    this.send(frame)
    this.closeWith(code)
  }

  expiring(seconds: number): void {
    this.conversation.expiring(seconds)
  }

  endForbidden(whyForbidden: WhyForbidden): void {
    this.conversation.endForbidden(whyForbidden)
  }

  direct(type: string, data: string | Uint8Array): boolean {
    this.send(directFrame(type, data))
    return true
  }

  sendAll(frames: readonly string[]): void {
    if (this.closed) return
    // Outside of a handler Bun writes each frame by itself unless it is told to wait.
    this.ws.cork(() => {
      for (const frame of frames) this.send(frame)
    })
  }

  protected opened(): void {
    if (this.start) this.conversation.open(this.start)
    this.start = null
  }

  protected receive(message: Incoming): Promise<void> | void {
    try {
      if (typeof message !== "string") throw new BadFrame("A frame is a text message.")
      return executeCommand(this.conversation, decodeFrame(message), message.length)
    } catch (error) {
      if (error instanceof BadFrame && error.ref !== undefined)
        this.conversation.refuse(error, { ref: error.ref }, message.length)
      else
        this.conversation.end(
          error instanceof LabaError ? error : new LabaError("internal", "The frame failed."),
        )
    }
  }

  protected left(): void {
    this.conversation.left()
  }
}
