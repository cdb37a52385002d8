// Positions and how they are printed. A cursor is opaque to clients; only this file knows its grammar.
// It knows nothing of channels' names beyond hashing them.
//
//   cursor   = single / compound
//   single   = epoch "-" offset "." tag            ; a position in one channel; the tag is a hash of its name
//   compound = "~" list "~" entry *("." entry)     ; a position in each channel of a list
//   entry    = [ epoch "-" ] offset
//   epoch    = 1*24( ALPHA / DIGIT )
//   offset   = a whole number in base 36, without leading zeros
//   tag      = a whole number below 2^24 in base 36, without leading zeros
//   list     = a whole number below 2^32 in base 36
//
// The first character tells the kind, and what follows is closed: nothing may be added to a kind that is known. Kept for what is
// not spoken yet, and refused as malformed until then: "." first for positions counted from a channel's beginning or end, "_" first for
// positions in all channels of a pattern, "-" first for nothing. A server that does not know one refuses it, and cannot misread it.

import { fnv1a } from "./fnv1a.ts"

/** Where a message stands in its channel. Offsets count 1, 2, 3, … without holes; offset 0 is "before the first". */
export interface Position {
  /** Changes whenever the numbering starts again (a restart without storage, a deleted channel, lost data). 1-24 of [0-9A-Za-z]. */
  readonly epoch: string
  /** A whole number from 0 to 2^53-1. */
  readonly offset: number
}

/** A position that fits no channel, so that resuming from it answers a reset: what a cursor of another channel or list is read as. */
export const foreignPosition: Position = { epoch: "", offset: 0 }

/** Whether it was read from a cursor that belongs elsewhere. */
export const isForeignPosition = ({ epoch }: Position): boolean => epoch === foreignPosition.epoch

/** Longer cursors are refused unread: 256 channels with an epoch of 16 characters each fit, a megabyte of digits does not. */
export const cursorCharsMax = 8192

const positionGrammar = "([0-9A-Za-z]{1,24})-(0|[1-9a-z][0-9a-z]{0,10})"
// Without a tag it was printed before cursors knew their channel. It may be anybody's, so it fits none.
const single = new RegExp(`^${positionGrammar}(?:\\.(0|[1-9a-z][0-9a-z]{0,4}))?$`)
const entryWithEpoch = new RegExp(`^${positionGrammar}$`)

/** Prints a position in a channel, for example `k3f9a-2s.9wrm6` in `/orders/42`. Only unreserved URL characters, so it travels in any query or header. */
export function printCursor(channel: string, position: Position): string {
  return `${position.epoch}-${position.offset.toString(36)}.${tagOf(channel)}`
}

/**
 * Reads what `printCursor` printed for this channel; `nowhere` when it was another one, or a list of them. Null when it is malformed:
 * an error of the caller, unlike a position in numbering that is over.
 */
export function parseCursor(text: string, channel: string): Position | null {
  const match = single.exec(text)
  if (!match) return parseCompound(text) && foreignPosition
  const position = positionIn(match)
  if (!position) return null
  return match[3] === tagOf(channel) ? position : foreignPosition
}

/** The offset in a cursor of one channel, whichever. Null when it is none. */
export function offsetIn(text: string): number | null {
  const match = single.exec(text)
  return (match && positionIn(match))?.offset ?? null
}

function positionIn(match: RegExpExecArray): Position | null {
  const offset = Number.parseInt(match[2] as string, 36)
  return Number.isSafeInteger(offset) ? { epoch: match[1] as string, offset } : null
}

/**
 * What a cursor says of its channel: 24 bits of a hash. It catches a cursor that was handed to another channel by mistake, but for
 * one in 16 million; it is nobody's right to anything. Worked out at each print, so that a channel need not hold it.
 */
function tagOf(channel: string): string {
  const hash = fnv1a(channel)
  return ((hash ^ (hash >>> 24)) & 0xffffff).toString(36)
}

/**
 * Prints the positions of many channels as one cursor, for example `~1x9f~k3f9a-2s.1.zq7-4`: a hash of the list of
 * channels, then an entry a channel in the list's order. An entry without an epoch has the epoch of the one before it. The
 * hash binds all of them to their channels, so that none needs a tag.
 */
export function printCompound(listHash: string, positions: readonly Position[]): string {
  let text = `~${listHash}~`
  let epoch = ""
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] as Position
    if (i > 0) text += "."
    if (position.epoch !== epoch) {
      epoch = position.epoch
      text += `${epoch}-`
    }
    text += position.offset.toString(36)
  }
  return text
}

/** What a compound cursor holds; whether its hash fits the list at hand is for the caller to see. */
export interface CompoundCursor {
  readonly listHash: string
  readonly positions: readonly Position[]
}

/** Reads what `printCompound` printed, or null when it is malformed. */
export function parseCompound(text: string): CompoundCursor | null {
  if (text.length > cursorCharsMax) return null
  const head = /^~([0-9a-z]{1,7})~/.exec(text)
  if (!head) return null
  const positions: Position[] = []
  let epoch = ""
  for (const entry of text.slice(head[0].length).split(".")) {
    const match = entryWithEpoch.exec(entry.includes("-") ? entry : `${epoch}-${entry}`)
    const position = match && positionIn(match)
    if (!position) return null
    epoch = position.epoch
    positions.push(position)
  }
  return { listHash: head[1] as string, positions }
}

/** A short hash (32 bits, base 36) of channel names in order. It catches mistakes, not attackers: nothing is granted by it. */
export function hashList(channels: readonly string[]): string {
  let hash = fnv1a("")
  for (const channel of channels) hash = fnv1a("\n", fnv1a(channel, hash))
  return (hash >>> 0).toString(36)
}
