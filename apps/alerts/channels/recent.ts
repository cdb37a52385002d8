// What was said lately at a channel, for pages that are opened later: what Laba still has of it, and what comes.
import type { Channel, Laba } from "laba/client"
import type { Outlet } from "./post.ts"

/** More than a page shows. */
const keptMax = 50

interface HistoryPage {
  readonly cursor: string
  readonly more: boolean
  readonly messages: readonly { readonly data: unknown }[]
}

export class Recent<Item> {
  /** The newest first. */
  readonly items: Item[] = []

  private constructor() {}

  /** Resolves once it has what was, and listens. */
  static async of<Item>(laba: Laba, outlet: Outlet, name: string): Promise<Recent<Item>> {
    const recent = new Recent<Item>()
    const channel: Channel = laba.channel(name, { after: await recent.readHistory(outlet, name) })
    channel.on("message", ({ data }) => recent.add(data as Item))
    await channel.ready()
    return recent
  }

  private add(item: Item): void {
    this.items.unshift(item)
    this.items.length = Math.min(this.items.length, keptMax)
  }

  /** Answers where it ends: listening after that misses nothing. */
  private async readHistory({ labaUrl, key }: Outlet, name: string): Promise<string> {
    const address = new URL("/_/api/channels/history", labaUrl)
    address.searchParams.set("channel", name)
    for (;;) {
      const answer = await fetch(address, { headers: { Authorization: `Bearer ${key}` } })
      if (!answer.ok) throw new Error(`Laba answered ${answer.status}: ${await answer.text()}`)
      const { cursor, more, messages } = (await answer.json()) as HistoryPage
      for (const { data } of messages) this.add(data as Item)
      if (!more) return cursor
      address.searchParams.set("after", cursor)
    }
  }
}
