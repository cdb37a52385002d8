// SEND: what a client wants published. Reads the frame and finds the channel at once, so that a transaction does not hold what is malformed.
import { checkIdempotencyKey } from "../../protocols/idempotency-key.ts"
import { ownHeaders, required } from "../../protocols/stomp/commands.ts"
import { readSentTo, refuseTemporary, replyDestination } from "../../protocols/stomp/destinations.ts"
import type { ClientFrame } from "../../protocols/stomp/frame.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import type { Listening } from "./listening.ts"
import type { StompContext } from "./stomp-context.ts"
import type { Step } from "./transactions.ts"

export class Sending {
  private readonly stomp: StompContext
  private readonly connection: WritableConnection
  private readonly listening: Listening

  constructor(stomp: StompContext, connection: WritableConnection, listening: Listening) {
    this.stomp = stomp
    this.connection = connection
    this.listening = listening
  }

  /** What publishes it, now or when its transaction is committed. Throws what is wrong with the frame. */
  prepare({ headers, body }: ClientFrame): Step {
    const { context, profile } = this.stomp
    const destination = required(headers, "destination")
    const channel = this.listening.channelOf(readSentTo(destination, profile))
    refuseTemporary(headers.get("reply-to") ?? "", profile)
    const key = headers.get("idempotency-key")
    const contentType = headers.get("content-type") || null
    const own = ownHeaders(headers)
    const answersAt = replyDestination(destination, profile)
    const request = {
      channel,
      key: key === undefined ? undefined : checkIdempotencyKey(key),
      payload: () => ({ ...this.stomp.readPayload(contentType, body), ...(own && { headers: own }) }),
      ...(answersAt !== null && {
        reply: (type: string, data: string | Uint8Array) =>
          void this.listening.deliverTo(answersAt, { type, data }),
      }),
    }
    return () => {
      const publish = context.admitPublish(this.connection, request)
      return () => {
        const published = publish()
        if (published instanceof Promise) return published.then(() => undefined)
      }
    }
  }
}
