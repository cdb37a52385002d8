// The channels of the engine by the page: first those that are kept, by their id, then those without history.
import { LabaError } from "../../../wire/error.ts"
import type { ChannelsPage } from "../inventory.ts"
import type { MemoryEngine } from "../memory/memory-engine.ts"
import type { StoredChannels } from "./stored-channels.ts"

/** Before the cursor of a page of channels without history. */
const lossyMark = "l"

export function listChannels(
  channels: StoredChannels,
  lossy: MemoryEngine,
  from: string | null,
  limit: number,
): ChannelsPage {
  if (from?.startsWith(lossyMark)) return lossyPage(lossy, from.slice(1) || null, limit)
  if (from !== null && !/^\d{1,15}$/.test(from))
    throw new LabaError("bad_cursor", "This is no cursor of a page.")
  const logs = [...channels.after(Number(from ?? 0), limit)]
  const last = logs.at(-1)
  return {
    channels: logs.map(({ channel, tail, kept, bytes }) => ({ channel, tail, kept, bytes })),
    next: last && logs.length === limit ? String(last.id) : lossyMark,
  }
}

function lossyPage(lossy: MemoryEngine, from: string | null, limit: number): ChannelsPage {
  const page = lossy.channelsPage(from, limit)
  return { channels: page.channels, next: page.next === null ? null : lossyMark + page.next }
}
