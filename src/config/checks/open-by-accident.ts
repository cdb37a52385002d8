// Nobody is let in by accident: a server that others can reach says who may come in, or that everybody may.
import { hasCredentials } from "../../access/access-config.ts"
import { isLoopbackAddress } from "../../access/origins/loopback-guard.ts"
import type { Config } from "../config.ts"
import { ConfigError } from "../config-error.ts"

/** Throws `ConfigError` for an address that others reach, where nobody is told from anybody and nobody said `open`. */
export function refuseOpenByAccident({ listen: { host }, open, access }: Config): void {
  if (open || isLoopbackAddress(host) || hasCredentials(access)) return
  const message = `others can reach ${host}, and no keys say who may come in; add --open if everybody may, or listen at 127.0.0.1`
  throw new ConfigError([{ path: ["listen", "host"], message }])
}

/**
 * Throws `ConfigError` for a configuration read while a server runs that has lost its last key and token. Such a file is
 * empty, or half written, or somebody took out the last key to lock everybody out; it would let everybody in.
 */
export function refuseOpening(before: Config, after: Config): void {
  if (!hasCredentials(before.access) || hasCredentials(after.access)) return
  const message =
    "this server has keys or tokens, and what was read has none: everybody could do everything. Is the file whole? To shut out all, leave a key that nobody has; to let everybody in, start again"
  throw new ConfigError([{ path: ["keys"], message }])
}
