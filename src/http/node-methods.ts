// What a node does for another that asks, or for itself: looks at its connections, pushes to them, ends them.
import { LabaError } from "../../wire/error.ts"
import type { Channel } from "../channels/channel.ts"
import type { ConnectionFacts, NodeMethods } from "../cluster/nodes.ts"
import type { Connection } from "../transports/connections/connection.ts"
import type { Connections } from "../transports/connections/connections.ts"
import type { Station } from "./api-request.ts"
import { carryOutSession } from "./sessions/session.ts"

/** Connections ended in one turn: a close is a system call or two. */
const sliceMax = 200

interface NodeMethodsOptions {
  readonly station: () => Station
  readonly listenersOf: (channel: Channel) => number
}

/** `station` is asked for when it is needed: it works with the nodes that carry these calls. */
export function makeNodeMethods({ station, listenersOf }: NodeMethodsOptions): NodeMethods {
  const all = (): Connections => station().shared.connections
  const find = (id: string): Connection => {
    const found = all().find(id)
    if (found) return found
    throw new LabaError("gone", "There is no such connection, or no longer.")
  }
  const factsOf = ({ number, transport, protocol, user }: Connection): ConnectionFacts => ({
    id: all().idOf(number),
    transport,
    protocol,
    user: user ?? null,
  })
  return {
    connection({ id }) {
      const found = find(id)
      return { ...factsOf(found), channels: found.channels }
    },
    push({ id, type, data, base64 }) {
      const bytes = base64 ? Uint8Array.from(atob(data), (char) => char.charCodeAt(0)) : data
      if (find(id).direct(type, bytes)) return null
      throw new LabaError("cannot_receive", "This connection is a poll; publish to a channel instead.")
    },
    close({ id, code, reason }) {
      const why = new LabaError("disconnected", reason ?? "A backend ended this connection.")
      find(id).disconnect(why, code === undefined ? undefined : { code, reason: reason ?? "disconnected" })
      return null
    },
    list({ of, user, from, limit }) {
      if (of === "users") {
        const { items, next } = all().usersPage(from, limit)
        const node = all().node
        return { connections: [], users: items.map((one) => ({ ...one, node })), next }
      }
      const { items, next } = user === undefined ? all().page(from, limit) : all().ofUser(user, from, limit)
      return { connections: items.map(factsOf), users: [], next }
    },
    async disconnect({ user }) {
      const waiting = await dismissAll(station().holds, user)
      return { disconnected: waiting + (await dismissAll(all(), user)) }
    },
    // It comes from another node, which has checked it.
    listeners: ({ channel }) => ({ listeners: listenersOf(channel as Channel) }),
    session: (request) => carryOutSession(station(), request),
  }
}

/** Those who are there when it begins; in slices, should there be very many. */
async function dismissAll(connections: Pick<Connections, "ofUser">, user: string): Promise<number> {
  const why = new LabaError("disconnected", "A backend ended all connections of this user.")
  let dismissed = 0
  for (let from: number | null = 0; from !== null;) {
    const page = connections.ofUser(user, from, sliceMax)
    for (const one of page.items) one.disconnect(why)
    dismissed += page.items.length
    from = page.next
    if (from !== null) await new Promise((resolve) => setImmediate(resolve))
  }
  return dismissed
}
