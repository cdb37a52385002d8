// Subscribes a connection to one more channel, in every protocol that has many on one connection (laba.v1, STOMP): its permission is checked,
// the application asked, the channel opened on this node; and the permission again after each wait.
import type { Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Access, Identity } from "../../access/access.ts"
import { nextDue } from "../../access/limits/rate-limiter.ts"
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { Connection } from "../connections/connection.ts"
import type { TransportContext } from "../transport-context.ts"

interface Subscribing {
  readonly context: Pick<TransportContext, "hub" | "askToSubscribe">
  readonly connection: Connection & { readonly closed: boolean }
  readonly channel: Channel
  /** Throws why it may not: asked before anybody else is, and after each wait. */
  readonly permit: () => void
  /** Listens. Not called when the connection has gone meanwhile. */
  readonly join: () => void
}

/** Subscribes once the channel is open on this node, so that what was asked next is answered after it. Throws why not. */
export function subscribeInTurn(subscribing: Subscribing): MaybePromise<void> {
  const { context, connection, channel, permit } = subscribing
  permit()
  const asked = context.askToSubscribe(connection, channel)
  if (!asked) return joinWhenOpen(subscribing)
  return asked.then(() => {
    permit()
    return joinWhenOpen(subscribing)
  })
}

function joinWhenOpen({ context, connection, channel, permit, join }: Subscribing): MaybePromise<void> {
  const listen = (release: () => void, isLater: boolean): void => {
    try {
      if (connection.closed) return
      // What the client may can have changed while it waited.
      if (isLater) permit()
      join()
    } finally {
      release()
    }
  }
  const prepared = context.hub.prepare(channel)
  if (!(prepared instanceof Promise)) return listen(prepared, false)
  return prepared.then((release) => listen(release, true))
}

/** Throws unless somebody may listen to a channel, and read its history where they go on from a cursor. */
export function permitListening(
  access: Access,
  identity: Identity,
  { channel, after }: { readonly channel: Channel; readonly after: Position | null },
): void {
  access.may(identity, "listen", channel)
  if (after) access.may(identity, "history", channel)
}

/**
 * Limits the rate of subscribes of one connection: each may cost a round trip to the engine and to other nodes. Takes when the next is due
 * and answers when the one after it is. Throws `too_many_requests`.
 */
export function countSubscribe(dueAtMs: number, limits: Limits): number {
  const now = performance.now()
  const next = nextDue(dueAtMs, now, limits.subscribesPerConnectionPerSecond)
  if (next !== null) return next
  throw new LabaError("too_many_requests", "Too many subscribes in a second on this connection.", {
    retryAfterSeconds: Math.max(1, Math.ceil((dueAtMs - now) / 1000)),
    limit: "subscribesPerConnectionPerSecond",
  })
}
