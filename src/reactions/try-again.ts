// Tries once more what was set aside. Knows neither why it was nor who asks.
import type { Message } from "../../client/channels/message.ts"
import type { FileAside } from "./file-aside.ts"
import type { Reaction } from "./reaction.ts"

export interface TryAgainOptions {
  readonly aside: FileAside
  readonly reaction: Reaction
  /** How long one try may take. */
  readonly timeoutMs: number
  /** After each; `error` is null when it is done and taken out. */
  readonly onEach?: (message: Message, error: Error | null) => void
}

/** The oldest first. What succeeds is taken out; the answer is how many are left. */
export async function tryAgain({ aside, reaction, timeoutMs, onEach }: TryAgainOptions): Promise<number> {
  let left = 0
  for (const found of await aside.list()) {
    const { message, attempts } = found.entry
    try {
      await reaction(message, { number: attempts + 1, signal: AbortSignal.timeout(timeoutMs) })
      await aside.remove(found)
      onEach?.(message, null)
    } catch (error) {
      left++
      onEach?.(message, error instanceof Error ? error : new Error(String(error)))
    }
  }
  return left
}
