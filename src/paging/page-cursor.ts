// The cursor of a list that is called page by page: a slot's number as opaque text. Cursors of channels are something
// else (wire/cursor.ts).
import { LabaError } from "../../wire/error.ts"

export const printPageCursor = (slot: number | null): string | null =>
  slot === null ? null : `s${slot.toString(36)}`

/** Null begins the list. Throws `bad_cursor`. */
export function parsePageCursor(cursor: string | null): number {
  if (cursor === null) return 0
  if (/^s[0-9a-z]{1,8}$/.test(cursor)) return Number.parseInt(cursor.slice(1), 36)
  throw new LabaError(
    "bad_cursor",
    "A list goes on from `next` as it was received; this never came from here.",
  )
}
