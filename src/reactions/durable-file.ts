// Writes a file that is whole or not there, and still there after a power cut: written beside, synced, renamed, and the
// folder synced, since a rename is the folder's.
import { open, rename } from "node:fs/promises"
import { basename, dirname, join } from "node:path"

export async function writeDurably(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  const beside = join(folder, `.${basename(path)}.new`)
  const file = await open(beside, "w")
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  await syncFolder(folder)
}

/** Windows has no way to sync a folder, and does not need one. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
