// The port of a service that a demo starts beside itself. It stays the same from start to start: pages that are open, and links that
// were given away, lead there.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "./ports-and-signals.ts"
import { makePrivateFolder } from "./private-folder.ts"

interface KeptPort {
  /** Where it is noted. */
  readonly folder: string
  readonly name: string
  readonly host: string
  /** What it is at first, where nobody else has it. */
  readonly wish: number
}

/** The port of the last start on the folder, else the wish; another one where that is taken. */
export function keptPort({ folder, name, host, wish }: KeptPort): number {
  makePrivateFolder(folder)
  const note = join(folder, `${name}-port`)
  const last = existsSync(note) ? Number(readFileSync(note, "utf8")) : Number.NaN
  const port = freePort(host, last > 0 && last < 65_536 ? last : wish)
  writeFileSync(note, `${port}\n`)
  return port
}
