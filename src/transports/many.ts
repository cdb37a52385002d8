// Several channels on one stream or poll: where each stands, printed as one compound cursor. Knows no transport.
import {
  type Compound,
  hashList,
  nowhere,
  parseCompound,
  parseCursor,
  type Position,
  printCompound,
} from "../../wire/cursor.ts"
import { LabaError } from "../../wire/error.ts"
import type { Channel } from "../channels/channel.ts"

/** Where to begin: a place in each channel, or from now on, or a cursor that belongs to another list. */
export interface ManyStart {
  readonly positions: readonly (Position | null)[] | null
  readonly foreign: boolean
}

/** The cursor of a stream, where the channels that the application attaches decide of which kind it is. */
export type StreamCursor =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly position: Position }
  | { readonly kind: "many"; readonly compound: Compound }

/** Reads the cursor of a stream of one channel, to which others may be attached. Throws `bad_cursor`. */
export function readStreamCursor(after: string | null, channel: Channel): StreamCursor {
  if (after === null) return { kind: "none" }
  const position = parseCursor(after, channel)
  if (position) return { kind: "one", position }
  const compound = parseCompound(after)
  if (compound) return { kind: "many", compound }
  throw badCursor()
}

/** Reads a compound cursor for this list of channels. Throws `bad_cursor`. */
export function readManyStart(after: string | null, channels: readonly Channel[]): ManyStart {
  if (after === null) return { positions: null, foreign: false }
  const compound = parseCompound(after)
  if (!compound) throw badCursor()
  return startOf(compound, channels)
}

/** Where a compound cursor stands in this list of channels; nowhere, when it belongs to another one. */
export function startOf(compound: Compound, channels: readonly Channel[]): ManyStart {
  const foreign = compound.listHash !== hashList(channels) || compound.positions.length !== channels.length
  return foreign
    ? { positions: channels.map(() => nowhere), foreign }
    : { positions: compound.positions, foreign }
}

const badCursor = (): LabaError =>
  new LabaError("bad_cursor", "A cursor is handed back as it was received; this one never came from here.")

/** The places of a list of channels as they move on. */
export class Places {
  readonly channels: readonly Channel[]
  private readonly listHash: string
  private readonly positions: Position[] = []
  private known = 0

  constructor(channels: readonly Channel[]) {
    this.channels = channels
    this.listHash = hashList(channels)
  }

  /** True once every channel has a place: only then is there a cursor. */
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
