// The errors of SQLite and of the disk, in words for operators and publishers. Knows no tables.
import { LabaError } from "../../../../wire/error.ts"

/** Seconds after which a publisher may try again: a full disk is not emptied faster. */
const retryAfterSeconds = 2

/** What a full disk, a quota and a bound of a file's size are called. */
const fullDisk: ReadonlySet<string> = new Set(["SQLITE_FULL", "ENOSPC", "EDQUOT", "EFBIG"])

/** Whether the files can be trusted after this, without opening them anew. */
export type Severity =
  /** Nothing was written; the same may work later. */
  | "passing"
  /** What is on the disk is unknown or damaged: only opening it anew, or a person, helps. */
  | "lasting"

interface Trouble {
  readonly severity: Severity
  /** One sentence for the log: what, where, and what to do. */
  readonly says: string
}

/** Reads an error of SQLite or of the file system. */
export function databaseErrorOf(error: unknown, directory: string): Trouble {
  const code = codeOf(error)
  if (fullDisk.has(code))
    return { severity: "passing", says: `the disk of ${directory} is full; publishes wait for room` }
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB" || code === "SQLITE_FORMAT")
    return {
      severity: "lasting",
      says: `the database in ${directory} is damaged; nothing in it was changed. Restore a copy, or move it away to begin anew`,
    }
  if (code === "SQLITE_BUSY")
    return {
      severity: "lasting",
      says: `another process uses ${directory}; each Laba needs a directory of its own`,
    }
  if (code === "SQLITE_CANTOPEN" || code === "SQLITE_PERM" || code.startsWith("SQLITE_READONLY"))
    return { severity: "lasting", says: `this user may not write to the files in ${directory}` }
  const message = error instanceof Error ? error.message : String(error)
  return { severity: "passing", says: `the disk of ${directory} fails: ${message}${code && ` (${code})`}` }
}

/** The same as the end of a start, which waits for nothing. */
export function cannotOpen(error: unknown, directory: string): LabaError {
  const code = codeOf(error)
  if (!fullDisk.has(code)) return unavailable(error, directory)
  const says = `The disk of ${directory} is full, and a start needs some of it. Make room first.`
  return new LabaError("engine_unavailable", says, { cause: error })
}

/** The same as an error for whoever asked. */
export function unavailable(error: unknown, directory: string): LabaError {
  if (error instanceof LabaError) return error
  return new LabaError("engine_unavailable", sentence(databaseErrorOf(error, directory).says), {
    cause: error,
    retryAfterSeconds,
  })
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
