// The contract of a protocol: how a message looks to a client. Pure: the same message gives the same frame, whoever
// listens. A protocol knows neither connections nor channels' audiences.
import type { Message } from "../engines/engine.ts"

/** What goes out: text or bytes. */
type Frame = string | Uint8Array

export interface Protocol {
  /** A small number of its own, from 0: the place of its frames beside a message. */
  readonly index: number
  /** The message as this protocol's frame. Called once a message, however many listen. */
  encode(message: Message): Frame
}

/** Of payload, without what a protocol adds. */
export function payloadBytes(entries: readonly PreparedMessage[]): number {
  let bytes = 0
  for (const { message } of entries) bytes += message.bytes
  return bytes
}

/** A message on its way to listeners, with the frames made of it so far. */
export class PreparedMessage {
  readonly message: Message
  private readonly frames: (Frame | undefined)[] = []

  constructor(message: Message) {
    this.message = message
  }

  /** The frame for `protocol`, sealed at the first call and shared after. */
  frameFor(protocol: Protocol): Frame {
    const sealed = this.frames[protocol.index]
    if (sealed !== undefined) return sealed
    const frame = protocol.encode(this.message)
    this.frames[protocol.index] = frame
    return frame
  }
}
