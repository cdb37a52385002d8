// What alike subscriptions are sent: the same id, the same destination and the same version give the same bytes, so that one frame serves
// all of them. Bounded a channel, since clients choose their ids.
import type { Message } from "../../engines/engine.ts"
import type { Frame, Protocol } from "../protocol.ts"
import { type HeadFacts, joinFrame, messageHead, messageTails } from "./message-frame.ts"
import type { StompVersion } from "./version.ts"

/** Variants of one channel: clients that number their subscriptions have a handful. Whoever comes beyond is written to one by one. */
export const variantsPerChannelMax = 8

/** Characters of an id and a destination that are worth sharing a frame. Longer ones are made up anew by each client. */
const variantCharsMax = 300

export class MessageVariant implements Protocol {
  readonly index = null
  readonly head: string
  /** How many subscriptions use it. */
  users = 0
  private readonly version: StompVersion

  constructor(facts: HeadFacts) {
    this.head = messageHead(facts)
    this.version = facts.version
  }

  encode(message: Message): Frame {
    return joinFrame(this.head, messageTails[this.version].encode(message))
  }
}

/** The variants in use on a node. */
export class MessageVariants {
  private readonly byChannel = new Map<string, Map<string, MessageVariant>>()

  /** Channels that have any. */
  get size(): number {
    return this.byChannel.size
  }

  /** The variant for a subscription, to be given back; null when it is to be written to by itself. */
  take(channel: string, facts: HeadFacts): MessageVariant | null {
    const { version, id, destination } = facts
    if ((id?.length ?? 0) + destination.length > variantCharsMax) return null
    const key = `${version}${messageHead(facts)}`
    let variants = this.byChannel.get(channel)
    let variant = variants?.get(key)
    if (!variant) {
      if (variants && variants.size >= variantsPerChannelMax) return null
      if (!variants) {
        variants = new Map()
        this.byChannel.set(channel, variants)
      }
      variant = new MessageVariant(facts)
      variants.set(key, variant)
    }
    variant.users++
    return variant
  }

  giveBack(channel: string, variant: MessageVariant): void {
    variant.users--
    if (variant.users > 0) return
    const variants = this.byChannel.get(channel)
    for (const [key, one] of variants ?? []) if (one === variant) variants?.delete(key)
    if (variants?.size === 0) this.byChannel.delete(channel)
  }
}
