// One process owns a directory of books. A second one would decide from a memory that the first changes behind its back,
// so it is turned away before it reads anything.
import { Database } from "bun:sqlite"
import { join } from "node:path"
import { makePrivateFolder } from "../../kit/command/private-folder.ts"

interface Owner extends Disposable {
  readonly directory: string
}

/**
 * Takes the directory, or throws. The lock is the system's, on a file that SQLite holds exclusively: it goes with the
 * process, however that ends.
 */
export function own(directory: string): Owner {
  makePrivateFolder(directory)
  const lock = new Database(join(directory, "owner.lock"), { create: true })
  try {
    lock.run("PRAGMA busy_timeout = 0")
    lock.run("PRAGMA locking_mode = EXCLUSIVE")
    lock.run("BEGIN EXCLUSIVE")
  } catch (cause) {
    lock.close()
    throw new Error(`${directory} belongs to another running flash sale; two would sell the same units.`, {
      cause,
    })
  }
  return { directory, [Symbol.dispose]: () => lock.close() }
}
