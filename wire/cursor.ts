// Positions and how they are printed. A cursor is opaque to clients; only this file knows its grammar.
// It knows nothing of channels' names beyond hashing them.

/** Where a message stands in its channel. Offsets count 1, 2, 3, … without holes; offset 0 is "before the first". */
export interface Position {
  /** Changes whenever the numbering starts again (a restart without storage, a deleted channel, lost data). 1-24 of [0-9A-Za-z]. */
  readonly epoch: string
  /** A whole number from 0 to 2^53-1. */
  readonly offset: number
}

/** Longer cursors are refused unread: 128 channels with an epoch each fit, a megabyte of digits does not. */
export const cursorCharsMax = 4096

const single = /^([0-9A-Za-z]{1,24})-(0|[1-9a-z][0-9a-z]{0,10})$/

/** Prints a position, for example `k3f9a-2s`. Only unreserved URL characters, so it travels in any query or header. */
export function printCursor(position: Position): string {
  return `${position.epoch}-${position.offset.toString(36)}`
}

/** Reads what `printCursor` printed. Null when it is malformed: an error of the caller, unlike an unknown epoch. */
export function parseCursor(text: string): Position | null {
  const match = single.exec(text)
  if (!match) return null
  const offset = Number.parseInt(match[2] as string, 36)
  return Number.isSafeInteger(offset) ? { epoch: match[1] as string, offset } : null
}

/**
 * Prints the positions of many channels as one cursor, for example `~1x9f~k3f9a-2s.1.zq7-4`: a hash of the list of
 * channels, then an entry a channel in the list's order. An entry without an epoch has the epoch of the one before it.
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
export interface Compound {
  readonly listHash: string
  readonly positions: readonly Position[]
}

/** Reads what `printCompound` printed, or null when it is malformed. */
export function parseCompound(text: string): Compound | null {
  if (text.length > cursorCharsMax) return null
  const head = /^~([0-9a-z]{1,7})~/.exec(text)
  if (!head) return null
  const positions: Position[] = []
  let epoch = ""
  for (const entry of text.slice(head[0].length).split(".")) {
    const dash = entry.indexOf("-")
    if (dash < 0 && epoch === "") return null
    const position = parseCursor(dash < 0 ? `${epoch}-${entry}` : entry)
    if (!position) return null
    epoch = position.epoch
    positions.push(position)
  }
  return { listHash: head[1] as string, positions }
}

/** A short hash (FNV-1a, 32 bits, base 36) of channel names in order. It catches mistakes, not attackers: nothing is granted by it. */
export function hashList(channels: readonly string[]): string {
  let hash = 0x811c9dc5
  for (const channel of channels) {
    for (let i = 0; i < channel.length; i++) hash = Math.imul(hash ^ channel.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ 10, 0x01000193)
  }
  return (hash >>> 0).toString(36)
}
