// Paths that the configuration gives to something else than channels. They and everything below them are no channel, on any road.
import { LabaError } from "../../wire/error.ts"

/** Whether a path is one of these, or below one. */
function isWithin(path: string, reserved: readonly string[]): boolean {
  for (const one of reserved)
    if (path.startsWith(one) && (path.length === one.length || path[one.length] === "/")) return true
  return false
}

/** Throws `bad_channel` for a name that is one of these paths, or below one. */
export function checkNotReserved(channel: string, reserved: readonly string[]): void {
  if (reserved.length > 0 && isWithin(channel, reserved))
    throw new LabaError(
      "bad_channel",
      "The path is not a channel's name: the configuration gives it to clients of another kind.",
    )
}
