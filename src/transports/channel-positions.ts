// Where one stream or poll stands in each of several channels, printed as one compound cursor.
import { hashList, type Position, printCompound } from "../../wire/cursor.ts"
import type { Channel } from "../channels/channel.ts"

/** The positions of a list of channels as they move on. */
export class ChannelPositions {
  readonly channels: readonly Channel[]
  private readonly listHash: string
  private readonly positions: Position[] = []
  private known = 0

  constructor(channels: readonly Channel[]) {
    this.channels = channels
    this.listHash = hashList(channels)
  }

  /** True once every channel has a position: only then is there a cursor. */
  get complete(): boolean {
    return this.known === this.channels.length
  }

  set(index: number, position: Position): void {
    if (this.positions[index] === undefined) this.known++
    this.positions[index] = position
  }

  get cursor(): string {
    return printCompound(this.listHash, this.positions)
  }
}
