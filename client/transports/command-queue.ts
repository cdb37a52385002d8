// Sends a session's commands by POST: one request at a time, so that they take effect in the order they were meant.
import type { ClientFrame } from "../../wire/frames.ts"
import type { ResponseLike } from "../environment.ts"
import { networkReason, type Reason } from "../reason.ts"
import { reasonOfRefusal } from "./refusal.ts"

/** Frames in one POST, and about how many characters: under the server's bounds of 64 and 512 KiB even when all is UTF-8 of three bytes. */
const framesMax = 64
const charsMax = 150_000

interface CommandQueue {
  send(frames: readonly ClientFrame[]): void
  /** The session is open: what waited may go. */
  start(): void
  stop(): void
}

/** `failed`: a POST did not arrive or was refused. It is not repeated, since it may have taken effect. */
export function createCommandQueue(
  post: (body: string) => Promise<ResponseLike>,
  failed: (reason: Reason) => void,
): CommandQueue {
  let waiting: string[] = []
  let isOpen = false
  let isBusy = false

  const flush = async (): Promise<void> => {
    if (isBusy || !isOpen || waiting.length === 0) return
    isBusy = true
    let chars = 0
    const end = waiting.findIndex((text, at) => at === framesMax || (chars += text.length) > charsMax)
    // One frame alone always fits.
    const batch = waiting.splice(0, end < 0 ? framesMax : end || 1)
    try {
      const response = await post(`[${batch.join()}]`)
      if (!response.ok && isOpen) failed(await reasonOfRefusal(response))
    } catch {
      if (isOpen) failed(networkReason("A command could not be sent."))
    }
    isBusy = false
    void flush()
  }

  return {
    send(frames) {
      waiting.push(...frames.map((frame) => JSON.stringify(frame)))
      void flush()
    },
    start() {
      isOpen = true
      void flush()
    },
    stop() {
      isOpen = false
      waiting = []
    },
  }
}
