// The secrets of one desk, made at the first start and kept beside its database: what was given out before a restart stays
// good after it. The environment goes before the file, for desks of several processes.
import { randomBytes } from "node:crypto"
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { makePrivateFolder } from "../kit/command/private-folder.ts"
import { secretIn } from "../kit/command/secret.ts"

const names = ["hooks", "key", "tokens", "cookies"] as const

/**
 * `hooks` signs what Laba asks and tells the desk, `key` is the desk's at Laba, `tokens` signs what listeners show to Laba,
 * `cookies` what browsers show to the desk.
 */
export type Secrets = Readonly<Record<(typeof names)[number], string>>

/** `TAKEAWAY_HOOKS_SECRET` and so on override what the file says. Throws for one that is empty, wherever it comes from. */
export function secretsIn(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Secrets {
  const kept = readOrMake(join(folder, "secrets.json"))
  const of = (name: (typeof names)[number]): string =>
    secretIn(`TAKEAWAY_${name.toUpperCase()}_SECRET`, environment) ?? kept[name]
  return { hooks: of("hooks"), key: of("key"), tokens: of("tokens"), cookies: of("cookies") }
}

/** The desk's key as Laba knows keys. */
export const labaKeyOf = ({ key }: Secrets): string => `laba_desk_${key}`

function readOrMake(path: string): Secrets {
  makePrivateFolder(dirname(path))
  const kept = read(path) ?? (make(path), read(path))
  const missing = names.find((name) => !kept?.[name])
  if (missing !== undefined) throw new Error(`${path} has no secret for ${missing}`)
  return kept as Secrets
}

/** Null when there is no such file. */
function read(path: string): Partial<Secrets> | null {
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
    throw error
  }
  try {
    return JSON.parse(text) as Partial<Secrets>
  } catch (cause) {
    throw new Error(`${path} is damaged: restore a copy, or move it away, and everybody logs in again`, {
      cause,
    })
  }
}

/** Whole or not at all, whatever the disk does; of two processes that start together one makes it, and both read it. */
function make(path: string): void {
  const fresh = Object.fromEntries(names.map((name) => [name, randomBytes(32).toString("hex")]))
  const beside = `${path}.${process.pid}.new`
  try {
    writeFileSync(beside, JSON.stringify(fresh), { mode: 0o600 })
    linkSync(beside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  } finally {
    rmSync(beside, { force: true })
  }
}
