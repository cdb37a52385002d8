// Tells Redis which channels this node no longer listens to, many in one script, so that a name that was only listened to
// leaves nothing behind. What does not arrive is found out by Redis itself, minutes later.
import type { Channel } from "../../channels/channel.ts"
import type { Partition } from "./partitions.ts"
import type { Store } from "./store.ts"

/** Channels in one script: some 3 ms of the server. */
const channelsMax = 300

interface UnlistenedChannelsOptions {
  readonly store: Pick<Store, "leave" | "partitions">
  /** Whether it is listened to again. */
  readonly isHeard: (channel: Channel) => boolean
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
    setImmediate(() => void this.tell())
  }

  /** One script after the other: a crowd that leaves at once is no reason to keep Redis from others. */
  private async tell(): Promise<void> {
    const { store, isHeard } = this.options
    while (this.left.size > 0) {
      for (const [partition, channels] of this.take()) {
        // Who listens anew is asked about, and that says so. Looked at last of all: this must not come behind that.
        const unheard = channels.filter((channel) => !isHeard(channel))
        // It is down, or will find out by itself.
        if (unheard.length > 0) await store.leave(partition, unheard).catch(() => {})
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
