// The contract of a conversation: what one client and the server say to each other, whatever carries it. What carries it is a
// connection that can be written to (writable-connection.ts): a WebSocket, a TCP connection, a session of streams or polls.
// Neither knows more of the other than stands here, so that any protocol travels by any of them.
import type { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { ProtocolName, WhyForbidden } from "../connections/connection.ts"
import type { WritableConnection } from "./writable-connection.ts"

export interface Conversation {
  readonly protocol: ProtocolName
  /** What it listens to now. Made on demand. */
  readonly channels: readonly Channel[]
  /** The connection stands, and can be written to. Called once, before anything else. */
  opened(): void
  /**
   * What came, cut as the carrier cuts it. The next is given after the promise. What the client did wrong is answered here and never
   * thrown; what is thrown is our own failure.
   */
  receive(message: string | Uint8Array): Promise<void> | void
  /** The connection is gone: leaves every channel. */
  left(): void
  /** As `Reader.startSkipping`. */
  startSkipping(): (() => void) | null
  /** Its reader is slow: says so, and ends. */
  endAsSlow(): void
  /** Says why, and ends. */
  end(error: LabaError): void
  /** Says why, and leaves the end to whoever ends it with a number of their own. */
  tell(error: LabaError): void
  /** Pushes to this connection alone. False when the client has no place for it. */
  direct(type: string, data: string | Uint8Array): boolean
  /** Its token runs out. Left out: there is no frame for it. */
  expiring?(seconds: number): void
  /** Ends what it may do no longer. */
  endForbidden(whyForbidden: WhyForbidden): void
}

/** Begins a conversation over a connection that will stand. */
export type Converse = (connection: WritableConnection) => Conversation
