// Cursors as requests and frames give them, read for the channels that they are to resume. Knows no transport.
import {
  type CompoundCursor,
  hashList,
  foreignPosition,
  offsetIn,
  parseCompound,
  parseCursor,
  type Position,
} from "../../wire/cursor.ts"
import { LabaError } from "../../wire/error.ts"
import type { Channel } from "../channels/channel.ts"

/** Where to begin: a position in each channel, or null for from now on, in one of them or in all. */
export type StartPositions = readonly (Position | null)[] | null

/** The cursor of a stream, where the channels that the application attaches decide of which kind it is. */
export type StreamCursor =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly position: Position }
  | { readonly kind: "many"; readonly compound: CompoundCursor }

/** A cursor of a channel, from a frame or a query. Null means from now on. Throws `bad_cursor`. */
export function readCursor(after: string | null | undefined, channel: string): Position | null {
  if (after === null || after === undefined) return null
  const position = parseCursor(after, channel)
  if (position) return position
  throw badCursor()
}

/** Reads the cursor of a stream of one channel, to which others may be attached. Throws `bad_cursor`. */
export function readStreamCursor(after: string | null, channel: Channel): StreamCursor {
  if (after === null) return { kind: "none" }
  const compound = parseCompound(after)
  if (compound) return { kind: "many", compound }
  const position = parseCursor(after, channel)
  if (position) return { kind: "one", position }
  throw badCursor()
}

/** Reads a cursor for this list of channels; one of a single channel belongs to another list. Throws `bad_cursor`. */
export function readStartPositions(after: string | null, channels: readonly Channel[]): StartPositions {
  if (after === null) return null
  const compound = parseCompound(after)
  if (compound) return positionsIn(compound, channels)
  if (offsetIn(after) === null) throw badCursor()
  return channels.map(() => foreignPosition)
}

/** The positions of a compound cursor in this list of channels; foreign ones when it belongs to another list. */
export function positionsIn(
  { listHash, positions }: CompoundCursor,
  channels: readonly Channel[],
): StartPositions {
  const isOurs = listHash === hashList(channels) && positions.length === channels.length
  return isOurs ? positions : channels.map(() => foreignPosition)
}

const badCursor = (): LabaError =>
  new LabaError("bad_cursor", "A cursor is handed back as it was received; this one never came from here.")
