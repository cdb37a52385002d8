// The key of one run: made where anybody may come and no key is configured, told once to who started the server, and
// shared by its processes.
import { hasCredentials } from "../../access/access-config.ts"
import { makeKey } from "../../access/credentials/keys.ts"
import type { Config } from "../../config/config.ts"
import { secretIn } from "../flags/secrets.ts"
import { say } from "../terminal.ts"

/** How the processes of one server are told their key. */
const variable = "LABA_RUN_KEY"

/** Null where the server needs none. Throws `UsageError`. */
export function runKeyFor({ open, access }: Config): string | null {
  if (!open || hasCredentials(access)) return null
  const given = secretIn(variable) ?? makeKey("run").text
  process.env[variable] = given
  return given
}

/** Says it on standard error, which is for people: what reads the line on standard output wants no second one. */
export function tellRunKey(runKey: string | null): void {
  if (runKey === null) return
  say(
    `laba: everybody may come in, so the backend API and /_/metrics take a key of their own until this run ends:\n${runKey}`,
  )
}
