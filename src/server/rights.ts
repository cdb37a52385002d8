// After the rules have changed: who listens to what they may hear no longer is sent away. Only they: what the application
// attached was never asked for by the rules, so it is the change that counts, not the rule.
import { LabaError } from "../../wire/error.ts"
import type { Access } from "../access/access.ts"
import type { Channel } from "../channels/channel.ts"
import type { Connection, Connections } from "../transports/connections.ts"

/** Connections looked at in one turn. A decision is a microsecond or two, a close is a system call or two. */
const sliceMax = 500

export interface RightsChange {
  readonly connections: Pick<Connections, "page">
  readonly before: Pick<Access, "decide">
  readonly now: Pick<Access, "decide">
  /** The keys that are configured now, by name. */
  readonly keys: ReadonlySet<string>
}

/** Looks at everybody, a slice a turn. */
export function dismissWhoLostRights(change: RightsChange, from = 0): void {
  const { items, next } = change.connections.page(from, sliceMax)
  for (const connection of items) {
    const why = lossOf(connection, change)
    if (why !== null) connection.dismiss(new LabaError("forbidden", why))
  }
  if (next !== null) setImmediate(() => dismissWhoLostRights(change, next))
}

function lossOf(
  { guest: { identity }, channels }: Connection,
  { before, now, keys }: RightsChange,
): string | null {
  if (identity.kind === "key" && !keys.has(identity.name)) return "The key of this connection was taken away."
  for (const name of channels) {
    const channel = name as Channel
    const { allowed, detail } = now.decide(identity, "listen", channel)
    if (!allowed && before.decide(identity, "listen", channel).allowed) return detail
  }
  return null
}
