// Publishes on their way: each waits for its answer under a key, over as many connections as it takes, within bounds.
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import type { SendCommand } from "../connection/pending-commands.ts"
import type { Clock } from "../environment.ts"
import { LabaFailure, makeReason, type Reason, reasonOf } from "../reason.ts"
import { encodePayload } from "./payload.ts"

/** What the server answered to a publish. */
export type Published = Omit<Extract<ServerFrame, { op: "published" }>, "op" | "ref">

export interface PublishOptions {
  /** The content type. Default: `text/plain` for a string, `application/octet-stream` for bytes, else `application/json`. */
  readonly type?: string
  /** Publishing again with the same key within two minutes does nothing. Default: a random one. */
  readonly key?: string
}

interface PublishQueue {
  /** Resolves with null when the application on the server took the message and wanted it not published. */
  publish(channel: string, data: unknown, options?: PublishOptions): Promise<Published | null>
  /** A connection is open: what waits is sent, again if need be, in order. */
  connected(messageBytesMax: number): void
  disconnected(): void
  /** Nothing will be sent any more. */
  close(reason: Reason): void
}

interface PublishBounds {
  readonly publishMs: number
  readonly publishesMax: number
  readonly publishBytesMax: number
}

interface PendingPublish {
  readonly frame: ClientFrame
  readonly bytes: number
  settle(result: Published | Reason | null): void
}

export function createPublishQueue(
  { publishMs, publishesMax, publishBytesMax }: PublishBounds,
  { clock, key }: { clock: Clock; key(): string },
  sendCommand: SendCommand,
): PublishQueue {
  const waiting = new Set<PendingPublish>()
  let waitingBytes = 0
  let messageBytesMax = Infinity
  let isConnected = false
  let closed: Reason | null = null

  const send = (one: PendingPublish): void => {
    sendCommand(one.frame, (reply) => {
      if (reply?.op === "published") {
        const { op, ref, ...published } = reply
        one.settle(published)
      } else if (reply?.op === "accepted") one.settle(null)
      else if (reply?.op === "error") one.settle(reasonOf(reply))
    })
  }
  const tooLarge = (bytes: number): Reason | null =>
    bytes > messageBytesMax
      ? makeReason(
          "too_large",
          "stay-away",
          `A message has at most ${messageBytesMax} bytes here; this one has ${bytes}.`,
        )
      : null
  const full = (bytes: number): Reason | null =>
    waiting.size >= publishesMax || waitingBytes + bytes > publishBytesMax
      ? makeReason("queue_full", "back-off", `${waiting.size} publishes wait for their answers.`)
      : null

  return {
    async publish(channel, data, options = {}) {
      const { bytes, frame } = encodePayload(data, options.type)
      const refusal = closed || tooLarge(bytes) || full(bytes)
      if (refusal) throw new LabaFailure(refusal)
      return new Promise<Published | null>((resolve, reject) => {
        const one: PendingPublish = {
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
          one.settle(
            makeReason("timeout", "stay-away", "No answer came; whether it was published is unknown."),
          )
        })
        waiting.add(one)
        waitingBytes += bytes
        if (isConnected) send(one)
      })
    },
    connected(bytesMax) {
      messageBytesMax = bytesMax
      isConnected = true
      for (const one of [...waiting]) {
        const refusal = tooLarge(one.bytes)
        // Sent all the same it could end the connection, and again on the next.
        if (refusal) one.settle(refusal)
        else send(one)
      }
    },
    disconnected() {
      isConnected = false
    },
    close(reason) {
      closed = reason
      for (const one of [...waiting]) one.settle(reason)
    },
  }
}
