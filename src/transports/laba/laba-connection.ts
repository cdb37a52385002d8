// How the frames of a conversation reach its client: the contract between laba.v1 and what carries it.
import type { Code } from "../../../wire/codes.ts"
import type { Connection } from "../connections/connection.ts"
import type { GroupKind } from "../transport.ts"

export interface LabaConnection extends Connection {
  readonly kind: GroupKind
  readonly closed: boolean
  send(frame: string): void
  /** Several frames in one write, in order. */
  sendAll(frames: readonly string[]): void
  ready(): Promise<void> | null
  drained(): Promise<void>
  /** Ends the connection with a last frame, which says why. However much waits before it, nobody is slow by it. */
  endWith(frame: string, code: Code): void
}
