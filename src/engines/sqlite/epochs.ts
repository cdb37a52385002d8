// Which epoch a channel's numbering is in, so that a cursor of an earlier life never fits a later one, over restarts too.
// Epochs are numbers inside and are printed with the database's name before them.
import type { Channel } from "../../channels/channel.ts"
import type { ChannelTables } from "./database/channel-tables.ts"
import type { DatabaseFile } from "./database/database-file.ts"

/** Names that share a floor do so with a chance of 1 in 262,144; then a reader may be told to reload for nothing. */
const slotCount = 2 ** 18

/** Left out at each start: an epoch that was handed out and lost with the power is never given to anything else. */
const skippedAtStart = 1_000_000

export class Epochs {
  private readonly tables: ChannelTables
  private readonly name: string
  /** The epoch in which a name begins that has no row, by slot of names: its last life ended before that. */
  private readonly floors = new Float64Array(slotCount)
  private last: number

  /**
   * Within a transaction. `acknowledgesFirst`: positions may be handed out that a crash takes back; after such a crash the
   * database takes another name, so that every cursor from before resets.
   */
  constructor(database: DatabaseFile, tables: ChannelTables, acknowledgesFirst: boolean) {
    this.tables = tables
    const known = database.meta("name")
    const wasAhead = database.meta("ahead") === 1
    this.name = typeof known === "string" && !wasAhead ? known : randomName()
    this.last = Number(database.meta("epoch") ?? 0) + skippedAtStart
    database.setMeta("name", this.name)
    database.setMeta("epoch", this.last)
    database.setMeta("ahead", acknowledgesFirst ? 1 : 0)
    for (const { slot, epoch } of tables.floors()) this.floors[slot] = epoch
  }

  /** The epoch of a channel that begins now. */
  floorOf(channel: Channel): number {
    return this.floors[slotOf(channel)] as number
  }

  /** An epoch that never was. */
  fresh(): number {
    return ++this.last
  }

  /** A journal mentions it: what is given from now on is greater. */
  sawEpoch(epoch: number): void {
    if (epoch > this.last) this.last = epoch
  }

  /** Within a transaction: writes down that the name begins in `epoch` from now on. `raised` says so once it is committed. */
  raise(channel: Channel, epoch: number): void {
    this.tables.setFloor(slotOf(channel), epoch)
  }

  raised(channel: Channel, epoch: number): void {
    this.floors[slotOf(channel)] = epoch
  }

  print(epoch: number): string {
    return epoch === 0 ? this.name : `${this.name}Z${epoch.toString(36)}`
  }
}

/** FNV-1a. */
function slotOf(channel: Channel): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < channel.length; i++) hash = Math.imul(hash ^ channel.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 18)) & (slotCount - 1)
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  let text = ""
  // No capital Z: it separates the number.
  for (const byte of bytes) text += "0123456789abcdefghijklmnopqrstuvwxyz"[byte % 36]
  return text
}
