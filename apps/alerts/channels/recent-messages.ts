// The newest messages of a channel, for pages that are opened later: what Laba still keeps of it, and what comes.
import type { Channel, Laba } from "laba/client"
import { callLaba, type LabaAccess, labaAnswer } from "../../kit/laba/laba-calls.ts"

/** More than a page shows. */
const keptMax = 50

interface HistoryPage {
  readonly cursor: string
  readonly more: boolean
  readonly messages: readonly { readonly data: unknown }[]
}

export class RecentMessages<Item> {
  /** The newest first. */
  readonly items: Item[] = []

  private constructor() {}

  /** Resolves once it has what was, and listens. */
  static async of<Item>(laba: Laba, access: LabaAccess, name: string): Promise<RecentMessages<Item>> {
    const recent = new RecentMessages<Item>()
    const channel: Channel = laba.channel(name, { after: await recent.readHistory(access, name) })
    channel.on("message", ({ data }) => recent.add(data as Item))
    await channel.ready()
    return recent
  }

  private add(item: Item): void {
    this.items.unshift(item)
    this.items.length = Math.min(this.items.length, keptMax)
  }

  /** Answers where it ends: listening after that misses nothing. */
  private async readHistory(access: LabaAccess, name: string): Promise<string> {
    const search = new URLSearchParams({ channel: name })
    for (;;) {
      const { cursor, more, messages } = await labaAnswer<HistoryPage>(
        await callLaba(access, "GET", `/_/api/channels/history?${search}`),
      )
      for (const { data } of messages) this.add(data as Item)
      if (!more) return cursor
      search.set("after", cursor)
    }
  }
}
