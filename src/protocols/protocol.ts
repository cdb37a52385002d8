// The contract of a protocol: how a message looks to a client. Pure: the same message gives the same frame, whoever
// listens. A protocol knows neither connections nor channels' audiences.
import type { Message } from "../engines/engine.ts"

/** What goes out: text or bytes. */
export type Frame = string | Uint8Array

export interface Protocol {
  /** A small number of its own, from 0: by it a message finds the frame that was made of it already. Null: one of many alike, whose frames are found by itself. */
  readonly index: number | null
  /** The message as this protocol's frame. Called once a message, however many listen. */
  encode(message: Message): Frame
}
