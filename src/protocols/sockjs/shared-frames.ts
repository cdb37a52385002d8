// What another protocol makes of a message, in a frame of SockJS: made once, for all who get it over a WebSocket.
import type { Message } from "../../engines/engine.ts"
import type { Frame, Protocol } from "../protocol.ts"
import { textsOf } from "./carried-text.ts"
import { messagesFrame } from "./frames.ts"

class InSockJs implements Protocol {
  readonly index = null
  private readonly carried: Protocol

  constructor(carried: Protocol) {
    this.carried = carried
  }

  /** Bytes where they are no text: SockJS cannot carry them. */
  encode(message: Message): Frame {
    const frame = this.carried.encode(message)
    const texts = textsOf([frame])
    return texts ? messagesFrame(texts) : frame
  }
}

const known = new WeakMap<Protocol, Protocol>()

/** One object for each protocol that is carried. */
export function inSockJs(carried: Protocol): Protocol {
  let protocol = known.get(carried)
  if (!protocol) known.set(carried, (protocol = new InSockJs(carried)))
  return protocol
}
