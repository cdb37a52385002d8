// The channels of which one laba.v1 client is told who comes and who leaves. Bounded as its subscriptions are.
import { LabaError } from "../../../wire/error.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PresenceChange, PresenceSubscriber } from "../../cluster/presence/presence.ts"
import { printFrame } from "../../protocols/laba/frames.ts"
import type { TransportContext } from "../transport-context.ts"
import type { LabaConnection } from "./laba-connection.ts"

/** Names in one answer. What is beyond is counted; backends read on page by page. */
const membersMax = 1000

interface PresenceQuestion {
  readonly channel: Channel
  readonly ref: JsonText | undefined
  /** Left out: asked once. */
  readonly watch: boolean | undefined
  /** Throws when the client may not see it: asked once more before it does, since other nodes may take a while. */
  readonly permit: () => void
}

export class PresenceWatch implements PresenceSubscriber {
  private readonly connection: LabaConnection
  private readonly context: TransportContext
  private watched = new Set<Channel>()

  constructor(connection: LabaConnection, context: TransportContext) {
    this.connection = connection
    this.context = context
  }

  /** Answers who is there. Throws what `Presence` throws, and `too_many_channels`. */
  async answer({ channel, ref, watch, permit }: PresenceQuestion): Promise<void> {
    if (watch === false) this.leave(channel)
    const { presence } = this.context
    const { members, users, guests } =
      watch === true
        ? await this.begin(channel)
        : await presence.list(channel, { from: 0, limit: membersMax })
    try {
      permit()
    } catch (error) {
      // When the right was lost nothing was watched here yet that could have been ended.
      this.leave(channel)
      throw error
    }
    this.connection.send(printFrame({ op: "presence", channel, members, users, guests }, ref))
  }

  /** Watches no more of the channels that it may not see. */
  keepOnly(mayStill: (channel: Channel) => boolean): void {
    for (const channel of [...this.watched]) if (!mayStill(channel)) this.leave(channel)
  }

  changed(channel: Channel, change: PresenceChange): void {
    if (this.watched.has(channel) && !this.connection.closed) this.connection.send(frameOf(channel, change))
  }

  private async begin(channel: Channel) {
    const { channelsPerConnectionMax } = this.context.limits
    if (!this.watched.has(channel) && this.watched.size >= channelsPerConnectionMax)
      throw new LabaError(
        "too_many_channels",
        `One connection watches at most ${channelsPerConnectionMax} channels.`,
        { limit: "channelsPerConnectionMax" },
      )
    this.watched.add(channel)
    try {
      return await this.context.presence.subscribe(channel, this, membersMax)
    } catch (error) {
      this.leave(channel)
      throw error
    } finally {
      // It may have gone while other nodes were asked.
      if (this.connection.closed) this.leave(channel)
    }
  }

  private leave(channel: Channel): void {
    this.watched.delete(channel)
    this.context.presence.unsubscribe(channel, this)
  }
}

const frames = new WeakMap<PresenceChange, string>()

/** The frame of a change, made once for all who watch. */
function frameOf(channel: Channel, change: PresenceChange): string {
  let frame = frames.get(change)
  if (frame === undefined) {
    frame = printFrame({ op: "members", channel, ...change })
    frames.set(change, frame)
  }
  return frame
}
