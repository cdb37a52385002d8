// What a server refuses to start with although every word of its configuration is right: who could come in by accident, and
// files that are not there or not what they should be. `serve` and `laba check` ask the same.
import { accessSync, constants, existsSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { refuseOpenByAccident } from "../../config/checks/open-by-accident.ts"
import { type Config, ConfigError } from "../../config/config.ts"
import { filesIn } from "../../engines/sqlite/database/database-file.ts"
import { readAuthorities } from "../engines.ts"
import { readTls, type TlsFiles } from "./tls.ts"

/** What was read on the way. */
interface StartFiles {
  readonly tls: TlsFiles | null
}

/** Throws `ConfigError`. Looks and changes nothing. */
export async function checkStart(config: Config): Promise<StartFiles> {
  refuseOpenByAccident(config)
  const { engine } = config
  if (engine.name === "sqlite") checkDirectory(engine.directory)
  if (engine.name === "redis" && engine.ca !== null) checkAuthorities(engine.ca)
  return { tls: config.tls === null ? null : await readTls(config.tls) }
}

/** It need not be there yet: then what it is made in is looked at. */
function checkDirectory(directory: string): void {
  let place = resolve(directory)
  while (!existsSync(place)) place = dirname(place)
  const isFolder = statSync(place).isDirectory()
  const why = !isFolder ? `${place} is no folder` : (whyNotWritable(place) ?? whyNotOurs(place))
  if (why !== null)
    throw new ConfigError([{ path: ["engine"], message: `cannot keep anything in ${directory}: ${why}` }])
}

function whyNotWritable(folder: string): string | null {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return null
  } catch {
    return `this user may not write to ${folder}`
  }
}

/** Files that another user made, as who restores a copy as root does: SQLite says of them that the disk fails. */
function whyNotOurs(folder: string): string | null {
  for (const path of filesIn(folder).filter((file) => existsSync(file))) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK)
    } catch {
      return `this user may not read and write ${path}`
    }
  }
  return null
}

function checkAuthorities(path: string): void {
  try {
    readAuthorities(path)
  } catch (cause) {
    throw new ConfigError([{ path: ["redis", "ca"], message: `cannot read ${path}` }], { cause })
  }
}
