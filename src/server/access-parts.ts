// The parts that decide who may and how many: made of a node's config, and wired to its connections, so that whoever is
// revoked is sent away.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import { Admissions, type Attendance } from "../access/admissions.ts"
import { Gate } from "../access/gate.ts"
import { Revocations } from "../access/revocations.ts"
import type { Config } from "../config/config.ts"
import type { Events } from "../telemetry/events.ts"
import type { Connections } from "../transports/connections.ts"
import type { Holds } from "../transports/poll/hold.ts"

/** Connections looked at in one turn after a revocation. A look is well under a microsecond, a close is a system call or two. */
const sliceMax = 1000

export interface AccessPartsOptions {
  readonly config: Config
  readonly limits: Limits
  readonly connections: Connections
  readonly holds: Holds
  readonly events: Pick<Events, "issuerUnavailable">
}

export interface AccessParts {
  readonly access: Gate
  readonly admissions: Admissions
  readonly revocations: Revocations
}

export function makeAccess({ config, limits, connections, holds, events }: AccessPartsOptions): AccessParts {
  const dismissRevoked = (from: number): void => {
    const { items, next } = connections.page(from, sliceMax)
    for (const connection of items) {
      if (revocations.has(connection.guest.identity))
        connection.dismiss(new LabaError("unauthorized", "The token was revoked; log in again."))
    }
    if (next !== null) setImmediate(() => dismissRevoked(next))
  }
  const revocations = new Revocations({
    lifetimeMaxMs: (config.access.tokens?.lifetimeMaxSeconds ?? 0) * 1000,
    onRevoke: () => dismissRevoked(0),
  })
  const access = new Gate({
    config,
    revocations,
    onFetchKeys(url, error) {
      if (error !== null) events.issuerUnavailable(new URL(url).host, error)
    },
  })
  const attendance: Attendance = {
    get size() {
      return connections.size
    },
    countOfUser: (user) => connections.countOfUser(user) + holds.countOfUser(user),
  }
  return { access, admissions: new Admissions({ limits, attendance }), revocations }
}
