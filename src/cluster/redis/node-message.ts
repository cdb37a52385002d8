// What comes over a Redis channel between nodes is JSON of ours; anything else is passed over, since who else can write to
// that Redis must not be able to end a node by a word. And what a node says when others cannot be reached.
import { LabaError } from "../../../wire/error.ts"

/** Null for what is not JSON of an object. */
export function readNodeMessage<Message extends object>(payload: Buffer): Message | null {
  try {
    const message: unknown = JSON.parse(payload.toString())
    return typeof message === "object" && message !== null ? (message as Message) : null
  } catch {
    return null
  }
}

export const nodesUnavailable = (detail: string): LabaError =>
  new LabaError("engine_unavailable", detail, { retryAfterSeconds: 1 })
