// Which epoch a channel's numbering is in, so that a cursor of an earlier life never fits a later one, over restarts too.
// Epochs are numbers inside and are printed with the database's name before them.
import type { Channel } from "../../channels/channel.ts"
import { epochName, randomEpoch, slotCount, slotOf } from "../epoch-names.ts"
import type { ChannelTables } from "./database/channel-tables.ts"
import type { DatabaseFile } from "./database/database-file.ts"

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
    this.name = typeof known === "string" && !wasAhead ? known : randomEpoch()
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
    return epochName(this.name, epoch)
  }
}
