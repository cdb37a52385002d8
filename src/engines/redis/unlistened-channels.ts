// Tells Redis which channels this node no longer listens to, many in one script, so that a name that was only listened to
// leaves nothing behind. What does not arrive is found out by Redis itself, minutes later.
import type { Channel } from "../../channels/channel.ts"
import type { Partition } from "./partitions.ts"
import type { RedisStore } from "./redis-store.ts"

/** Channels in one script: some 3 ms of the server. */
const channelsMax = 300

interface UnlistenedChannelsOptions {
  readonly store: Pick<RedisStore, "leave" | "partitions">
  /** Whether it is listened to again. */
  readonly isListenedTo: (channel: Channel) => boolean
}

export class UnlistenedChannels {
  private readonly options: UnlistenedChannelsOptions
  private readonly left = new Set<Channel>()
  private underWay = false

  constructor(options: UnlistenedChannelsOptions) {
    this.options = options
  }

  add(channel: Channel): void {
    this.left.add(channel)
    if (this.underWay) return
    this.underWay = true
    setImmediate(() => void this.leave())
  }

  /** One script after the other: a crowd that leaves at once is no reason to keep Redis from others. */
  private async leave(): Promise<void> {
    const { store, isListenedTo } = this.options
    while (this.left.size > 0) {
      for (const [partition, channels] of this.take()) {
        // Who listens anew is asked about, and that says so. Looked at last of all: this must not come behind that.
        const unlistened = channels.filter((channel) => !isListenedTo(channel))
        // It is down, or will find out by itself.
        if (unlistened.length > 0) await store.leave(partition, unlistened).catch(() => {})
      }
    }
    this.underWay = false
  }

  private take(): Map<Partition, Channel[]> {
    const { partitions } = this.options.store
    const taken = new Map<Partition, Channel[]>()
    let count = 0
    for (const channel of this.left) {
      if (count++ === channelsMax) break
      this.left.delete(channel)
      const partition = partitions.of(channel)
      const known = taken.get(partition)
      if (known) known.push(channel)
      else taken.set(partition, [channel])
    }
    return taken
  }
}
