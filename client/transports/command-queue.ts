// Sends a session's commands by POST: one request at a time, so that they take effect in the order they were meant.
import type { ClientFrame } from "../../wire/frames.ts"
import type { FetchAnswer } from "../environment.ts"
import { networkReason, type Reason, reasonOfRefusal } from "../reason.ts"

/** Frames in one POST, and about how many characters: under the server's bounds of 64 and 512 KiB even when all is UTF-8 of three bytes. */
const framesMax = 64
const charsMax = 150_000

interface Commands {
  send(frames: readonly ClientFrame[]): void
  /** The session is open: what waited may go, to this URL. */
  start(url: string): void
  stop(): void
}

/** Posts one JSON body. */
type Post = (url: string, body: string) => Promise<FetchAnswer>

/** `failed`: a POST did not arrive or was refused. It is not repeated, since it may have taken effect. */
export function createCommands(post: Post, failed: (reason: Reason) => void): Commands {
  let waiting: string[] = []
  let url = ""
  let isBusy = false

  const flush = async (): Promise<void> => {
    if (isBusy || !url || waiting.length === 0) return
    isBusy = true
    const batch = takeBatch()
    try {
      const answer = await post(url, `[${batch.join()}]`)
      if (!answer.ok && url) failed(await reasonOfRefusal(answer))
    } catch {
      if (url) failed(networkReason("A command could not be sent."))
    }
    isBusy = false
    void flush()
  }

  const takeBatch = (): string[] => {
    let count = 0
    let chars = 0
    while (count < Math.min(framesMax, waiting.length)) {
      chars += (waiting[count] as string).length
      // One frame alone always fits; a second one may not.
      if (count > 0 && chars > charsMax) break
      count++
    }
    return waiting.splice(0, count)
  }

  return {
    send(frames) {
      waiting.push(...frames.map((frame) => JSON.stringify(frame)))
      void flush()
    },
    start(to) {
      url = to
      void flush()
    },
    stop() {
      url = ""
      waiting = []
    },
  }
}
