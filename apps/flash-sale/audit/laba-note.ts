// Where the shop's Laba is, noted beside the books at every start, so that who checks them finds the channels too. The
// secrets are not in it: those of a Laba inside the shop are in the books, others come from the environment.
import type { Database } from "bun:sqlite"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { LabaAccess } from "./laba-reader.ts"

const noteIn = (directory: string): string => join(directory, "laba-url")

export function noteLaba(directory: string, url: string): void {
  writeFileSync(noteIn(directory), `${url}\n`)
}

/** Null when no shop has run on the directory yet. */
export function notedLaba(directory: string): string | null {
  const path = noteIn(directory)
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null
}

/** The key with which results are read at a Laba inside the shop, made from a secret in the books. */
export const auditKey = (secret: string): string => `laba_audit_${secret}`

interface LabaSecrets {
  readonly key?: string | undefined
  readonly listenSecret?: string | undefined
}

/** What it takes to read the channels: given secrets are those of a Laba elsewhere. Null when the books have none either. */
export function labaAccess(database: Database, url: string, given: LabaSecrets): LabaAccess | null {
  if (given.listenSecret !== undefined) return { url, key: given.key, listenSecret: given.listenSecret }
  const secret = (name: string): string | undefined =>
    database.query<{ value: string }, [string]>("SELECT value FROM secrets WHERE name = ?").get(name)?.value
  const listenSecret = secret("listen")
  const audit = secret("audit")
  if (listenSecret === undefined) return null
  return { url, key: audit === undefined ? undefined : auditKey(audit), listenSecret }
}
