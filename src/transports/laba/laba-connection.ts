// What carries a conversation of laba.v1: any connection that can be written to, and those that carry nothing but text.
import type { Code } from "../../../wire/codes.ts"
import type { Connection } from "../connections/connection.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"

type Carried = "closed" | "kindOf" | "ready" | "drained"

export interface LabaConnection extends Connection, Pick<WritableConnection, Carried> {
  send(frame: string): void
  /** Several frames in one write, in order. */
  sendAll(frames: readonly string[]): void
  endWith(frame: string, code: Code): void
}
