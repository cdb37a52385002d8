// Books that cannot be read at all: damaged, cut short, or the file of something else. That is no broken promise, and it is
// said of which file.
import { SQLiteError } from "bun:sqlite"

export class UnreadableBooks extends Error {
  override readonly name = "UnreadableBooks"

  constructor(path: string, cause: Error) {
    super(`${path} cannot be read as the books of a flash sale: ${cause.message}`, { cause })
  }
}

/** Whether it is the file that is wrong: what SQLite says of it, or a column that is not what was written there. */
const isDamage = (error: unknown): error is Error =>
  error instanceof SQLiteError || error instanceof SyntaxError

/** Answers what `read` finds in the books at a path. Throws `UnreadableBooks`. */
export function reading<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isDamage(error)) throw new UnreadableBooks(path, error)
    throw error
  }
}
