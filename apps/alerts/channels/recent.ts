// What was said lately at a channel, for pages that are opened later.
import type { Channel } from "laba/client"

/** More than a page shows. */
const keptMax = 50

export class Recent<Item> {
  /** The newest first. */
  readonly items: Item[] = []
  private readonly channel: Channel

  constructor(channel: Channel) {
    this.channel = channel
    channel.on("message", ({ data }) => {
      this.items.unshift(data as Item)
      this.items.length = Math.min(this.items.length, keptMax)
    })
  }

  ready(): Promise<unknown> {
    return this.channel.ready()
  }
}
