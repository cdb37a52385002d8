// Folders for what an app keeps: books, keys, messages of its users.
import { mkdirSync } from "node:fs"

/** Makes a folder where there is none, for this user alone. One that is there stays as it was made. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}
