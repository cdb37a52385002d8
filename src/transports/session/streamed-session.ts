// A laba.v1 conversation whose frames go down a stream of events, one event a frame, and whose commands come by POST.
import { LabaError } from "../../../wire/error.ts"
import { labaProtocol } from "../../protocols/laba/frames.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import type { WhyForbidden } from "../connections/connection.ts"
import { LabaConversation, type ConversationStart } from "../laba/laba-conversation.ts"
import type { LabaConnection } from "../laba/laba-connection.ts"
import type { Subscription } from "../laba/subscription.ts"
import { ListGroup } from "../list-group.ts"
import { EventStream, type EventStreamOptions } from "../sse/event-stream.ts"
import type { GroupKind, Listener } from "../transport.ts"
import { CommandQueue } from "./command-queue.ts"

const encoder = new TextEncoder()

/** A frame is one line of JSON, so it is one `data:` line. */
const frameEvent = (frame: string): string => `data: ${frame}\n\n`

class StreamedGroup extends ListGroup<Subscription> {
  write(messages: readonly PreparedMessage[]): void {
    let text = ""
    for (const prepared of messages) text += frameEvent(prepared.frameFor(labaProtocol) as string)
    const chunk = encoder.encode(text)
    for (const subscription of this.snapshot()) (subscription.connection as StreamedSession).push(chunk)
  }
}

const kind: GroupKind = {
  name: "session-sse",
  writeMicros: 9,
  messageMicros: 0.3,
  joins: false,
  make: () => new StreamedGroup() as ListGroup<Listener>,
}

export class StreamedSession extends EventStream implements LabaConnection {
  readonly commands: CommandQueue
  private readonly conversation: LabaConversation

  constructor(options: EventStreamOptions & ConversationStart) {
    super(options)
    this.conversation = new LabaConversation(options.context, this, {
      attached: options.attached,
      reply: options.reply,
    })
    this.commands = new CommandQueue(this.conversation)
  }

  kindOf(): GroupKind {
    return kind
  }

  override get protocol(): "laba" {
    return "laba"
  }

  get channels(): readonly string[] {
    return this.conversation.channels
  }

  send(frame: string): void {
    this.pushText(frameEvent(frame))
  }

  sendAll(frames: readonly string[]): void {
    this.pushText(frames.map(frameEvent).join(""))
  }

  override direct(type: string, data: string | Uint8Array): boolean {
    return this.conversation.direct(type, data)
  }

  startSkipping(): (() => void) | null {
    return this.conversation.startSkipping()
  }

  override endAsSlow(): void {
    this.conversation.endAsSlow()
  }

  endWith(frame: string): void {
    this.pushLast(frameEvent(frame))
  }

  override disconnect(error: LabaError): void {
    this.conversation.end(error)
  }

  expiring(seconds: number): void {
    this.conversation.expiring(seconds)
  }

  endForbidden(whyForbidden: WhyForbidden): void {
    this.conversation.endForbidden(whyForbidden)
  }

  override sendAway(): void {
    this.conversation.end(new LabaError("shutting_down", "This node is going away; open a new session."))
  }

  /** The client asked for the end. */
  leave(): void {
    this.finish()
  }

  protected override reachedMaxAge(): void {
    this.conversation.end(
      new LabaError("stream_ended", "The stream has reached its longest time; open a new session."),
    )
  }

  protected opened(): void {
    this.conversation.opened()
  }

  protected left(): void {
    this.conversation.left()
  }
}
