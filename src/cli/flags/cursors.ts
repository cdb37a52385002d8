// Cursors in flags.
import { offsetIn } from "../../../wire/cursor.ts"
import { UsageError } from "../command.ts"

/** `--after`, as it was given. Throws `UsageError` for what no server has printed. */
export function readCursor(text: string | undefined): string | undefined {
  if (text === undefined || offsetIn(text) !== null) return text
  throw new UsageError(`--after is a cursor such as k3f9a-2s.9wrm6, not "${text}"`)
}
