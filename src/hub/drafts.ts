// Makes drafts: gives a checked payload its id. Knows nothing of who publishes.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Channel } from "../channels/channel.ts"
import { bytesOfHeaders } from "../../wire/message-headers.ts"
import type { SourceMark } from "../engines/source-mark.ts"
import type { Draft, Idempotency, Payload, Publisher } from "../engines/engine.ts"

/** Throws `too_large`. */
export function checkSize({ bytes }: Payload, { messageBytesMax }: Pick<Limits, "messageBytesMax">): void {
  if (bytes > messageBytesMax)
    throw new LabaError("too_large", `A message has at most ${messageBytesMax} bytes; this one has ${bytes}.`)
}

export interface DraftRequest {
  readonly channel: Channel
  readonly payload: Payload
  readonly idempotency?: Idempotency | undefined
  readonly publisher: Publisher | undefined
  /** Which message of an event source it is; left out for all others. */
  readonly source?: SourceMark | undefined
}

export class Drafts {
  private readonly prefix: string
  private count = 0

  /** `prefix` names this run of this node, so that ids are unique everywhere. */
  constructor(prefix: string) {
    this.prefix = prefix
  }

  make(request: DraftRequest): Draft {
    this.count++
    const { payload } = request
    const { headers } = payload
    return {
      channel: request.channel,
      type: payload.type,
      data: payload.data,
      bytes: payload.bytes + (headers ? bytesOfHeaders(headers) : 0),
      id: `${this.prefix}.${this.count.toString(36)}`,
      ...(headers && { headers }),
      idempotency: request.idempotency,
      publisher: request.publisher,
      ...(request.source && { source: request.source }),
    }
  }
}
