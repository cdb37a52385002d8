// The contract of what carries a conversation (conversation.ts): a connection that can be written to at any time. Whether the frames travel by
// WebSocket, TCP, a stream or polls, it alone knows.
import type { Code } from "../../../wire/codes.ts"
import type { Frame, Protocol } from "../../protocols/protocol.ts"
import type { Connection } from "../connections/connection.ts"
import type { GroupKind } from "../transport.ts"

export interface WritableConnection extends Connection {
  readonly closed: boolean
  /** One write reaches all listeners that get the same frames, so it is worth sharing them. */
  readonly sharesFrames: boolean
  /** What is sent are bytes of one stream, and a frame may be given in pieces, the last of them shared with others. */
  readonly isByteStream: boolean
  /** How listeners that get the frames of one protocol are grouped here. */
  kindOf(protocol: Protocol): GroupKind
  send(frame: Frame): void
  /** Several frames in one write, in order: all of them or, where the connection has ended, none. */
  sendAll(frames: readonly Frame[]): void
  /** Null when it can take a page of replay now, else a promise for when it can, or is closed. Never rejects. */
  ready(): Promise<void> | null
  drained(): Promise<void>
  /** Ends the connection with a last frame, which says why; null where the protocol has none. However much waits before it, nobody is slow by it. */
  endWith(frame: Frame | null, code: Code): void
  /** Ends it as its client wished, once what was sent has left. */
  close(): void
  /** Ends it at once: the client does not answer. */
  cut(): void
}
