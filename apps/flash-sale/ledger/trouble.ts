// What a write that failed says of the disk: whether the same may succeed later, or is wrong in itself.

/** Whether the disk refused: full, failing, or held by somebody else. A broken rule of the tables is no matter of the disk. */
export const isOfTheDisk = (error: unknown): boolean =>
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|NOMEM)/.test(codeOf(error))

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""
