// Publishes on their way: each waits for its answer under a key, over as many connections as it takes, within bounds.
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import type { Clock } from "../environment.ts"
import { payloadOf } from "../channels/message.ts"
import { LabaFailure, type Reason, reasonOfFrame } from "../reason.ts"
import type { Ask } from "../connection/pending-commands.ts"

/** What the server answered to a publish. */
export type Published = Omit<Extract<ServerFrame, { op: "published" }>, "op" | "ref">

export interface PublishOptions {
  /** The content type. Default: `text/plain` for a string, `application/octet-stream` for bytes, else `application/json`. */
  readonly type?: string
  /** Publishing again with the same key within two minutes does nothing. Default: a random one. */
  readonly key?: string
}

interface Publishing {
  /** Resolves with null when the application on the server took the message and wanted it not published. */
  publish(channel: string, data: unknown, options?: PublishOptions): Promise<Published | null>
  /** A connection is open: what waits is sent, again if need be, in order. */
  attach(messageBytesMax: number): void
  detach(): void
  /** Nothing will be sent any more. */
  close(reason: Reason): void
}

interface PublishingBounds {
  readonly publishMs: number
  readonly publishesMax: number
  readonly publishBytesMax: number
}

interface Waiting {
  readonly frame: ClientFrame
  readonly bytes: number
  settle(result: Published | Reason | null): void
}

export function createPublishing(
  { publishMs, publishesMax, publishBytesMax }: PublishingBounds,
  { clock, key }: { clock: Clock; key(): string },
  ask: Ask,
): Publishing {
  const waiting = new Set<Waiting>()
  let waitingBytes = 0
  let messageBytesMax = Infinity
  let isAttached = false
  let closed: Reason | null = null

  const send = (one: Waiting): void => {
    ask(one.frame, (reply) => {
      if (reply?.op === "published") {
        const { op, ref, ...published } = reply
        one.settle(published)
      } else if (reply?.op === "accepted") one.settle(null)
      else if (reply?.op === "error") one.settle(reasonOfFrame(reply))
    })
  }
  const tooLarge = (bytes: number): Reason | null => {
    if (bytes <= messageBytesMax) return null
    const detail = `A message has at most ${messageBytesMax} bytes here; this one has ${bytes}.`
    return { code: "too_large", retry: "stay-away", detail }
  }
  const refusalOf = (bytes: number): Reason | null => {
    const isFull = waiting.size >= publishesMax || waitingBytes + bytes > publishBytesMax
    const full = {
      code: "queue_full",
      retry: "back-off",
      detail: `${waiting.size} publishes wait for their answers.`,
    } as const
    return closed || tooLarge(bytes) || (isFull ? full : null)
  }

  return {
    async publish(channel, data, options = {}) {
      const { bytes, frame } = payloadOf(data, options.type)
      const refusal = refusalOf(bytes)
      if (refusal) throw new LabaFailure(refusal)
      return new Promise<Published | null>((resolve, reject) => {
        const one: Waiting = {
          frame: { op: "publish", channel, key: options.key || key(), ...frame },
          bytes,
          settle(result) {
            if (!waiting.delete(one)) return
            waitingBytes -= bytes
            cancel()
            if (result && "retry" in result) reject(new LabaFailure(result))
            else resolve(result)
          },
        }
        const cancel = clock.after(publishMs, () => {
          one.settle({
            code: "timeout",
            retry: "stay-away",
            detail: "No answer came; whether it was published is unknown.",
          })
        })
        waiting.add(one)
        waitingBytes += bytes
        if (isAttached) send(one)
      })
    },
    attach(bytesMax) {
      messageBytesMax = bytesMax
      isAttached = true
      for (const one of [...waiting]) {
        const refusal = tooLarge(one.bytes)
        // Sent all the same it could end the connection, and again on the next.
        if (refusal) one.settle(refusal)
        else send(one)
      }
    },
    detach() {
      isAttached = false
    },
    close(reason) {
      closed = reason
      for (const one of [...waiting]) one.settle(reason)
    },
  }
}
