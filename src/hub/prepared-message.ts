// A message on its way to listeners, with the frames made of it so far: each is made once, however many are given it.
import type { Message } from "../engines/engine.ts"
import type { Frame, Protocol } from "../protocols/protocol.ts"

export class PreparedMessage {
  readonly message: Message
  private readonly frames: (Frame | undefined)[] = []
  private byProtocol: Map<Protocol, Frame> | null = null
  private bytesByProtocol: Map<Protocol, Uint8Array> | null = null

  constructor(message: Message) {
    this.message = message
  }

  /** The frame for `protocol`, encoded at the first call and shared after. */
  frameFor(protocol: Protocol): Frame {
    const { index } = protocol
    const encoded = index === null ? this.byProtocol?.get(protocol) : this.frames[index]
    if (encoded !== undefined) return encoded
    const frame = protocol.encode(this.message)
    if (index === null) (this.byProtocol ??= new Map()).set(protocol, frame)
    else this.frames[index] = frame
    return frame
  }

  /** The same frame as bytes, encoded at the first call and shared after: for what has no texts, such as a TCP stream. */
  bytesFor(protocol: Protocol): Uint8Array {
    const known = this.bytesByProtocol?.get(protocol)
    if (known) return known
    const frame = protocol.encode(this.message)
    const bytes = typeof frame === "string" ? new TextEncoder().encode(frame) : frame
    ;(this.bytesByProtocol ??= new Map()).set(protocol, bytes)
    return bytes
  }
}

/** Of payload, without what a protocol adds. */
export function payloadBytes(messages: readonly PreparedMessage[]): number {
  let bytes = 0
  for (const { message } of messages) bytes += message.bytes
  return bytes
}
