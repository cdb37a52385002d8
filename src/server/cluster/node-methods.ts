// What a node does for another that asks, or for itself: looks at its connections, pushes to them, ends them.
import { bytesOfBase64 } from "../../../wire/base64.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Ingests } from "../../ingest/ingest.ts"
import type { ConnectionFacts, NodeMethods } from "../../cluster/nodes.ts"
import { cannotReceive } from "../../transports/connections/cannot-receive.ts"
import type { Connection } from "../../transports/connections/connection.ts"
import type { Connections } from "../../transports/connections/connections.ts"
import type { HeldPolls } from "../../transports/poll/held-polls.ts"
import { runSockJsRequest } from "../../http/sockjs/asked-session.ts"
import type { SockJsContext } from "../../http/sockjs/sockjs-context.ts"
import { runSessionRequest, type SessionContext } from "../../http/sessions/local-session.ts"

/** Connections ended in one turn: a close is a system call or two. */
const sliceMax = 200

interface NodeMethodsContext extends SessionContext {
  readonly heldPolls: HeldPolls
  readonly sockjs: SockJsContext
  readonly ingests: Ingests
  readonly hub: { listenersOf(channel: Channel): number }
}

export function makeNodeMethods(context: NodeMethodsContext): NodeMethods {
  const { connections, heldPolls, hub } = context
  const find = (id: string): Connection => {
    const found = connections.find(id)
    if (found) return found
    throw new LabaError("gone", "There is no such connection, or no longer.")
  }
  const factsOf = ({ number, transport, protocol, user }: Connection): ConnectionFacts => ({
    id: connections.idOf(number),
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
      const bytes = base64 ? bytesOfBase64(data) : data
      const found = find(id)
      if (found.direct(type, bytes)) return null
      throw cannotReceive(found)
    },
    close({ id, code, reason }) {
      const why = new LabaError("disconnected", reason ?? "A backend ended this connection.")
      find(id).disconnect(why, code === undefined ? undefined : { code, reason: reason ?? "disconnected" })
      return null
    },
    list({ of, user, from, limit }) {
      if (of === "users") {
        const { items, next } = connections.usersPage(from, limit)
        const { node } = connections
        return { connections: [], users: items.map((one) => ({ ...one, node })), next }
      }
      const { items, next } =
        user === undefined ? connections.page(from, limit) : connections.ofUser(user, from, limit)
      return { connections: items.map(factsOf), users: [], next }
    },
    async disconnect({ user }) {
      const waiting = await disconnectAll(heldPolls, user)
      return { disconnected: waiting + (await disconnectAll(connections, user)) }
    },
    // It comes from another node, which has checked it.
    listeners: ({ channel }) => ({ listeners: hub.listenersOf(channel as Channel) }),
    session: (request) => runSessionRequest(context, request),
    sockjs: (request) => runSockJsRequest(context.sockjs, request),
    async ingest(asked) {
      const { ingests } = context
      if (asked.action === "report") return ingests.reports()
      if (asked.action !== "seek") await ingests[asked.action](asked.name)
      else if (await ingests.seek(asked.name, asked.place))
        return (await ingests.reports()).filter(({ name }) => name === asked.name)
      return []
    },
  }
}

/** Those who are there when it begins; in slices, should there be very many. */
async function disconnectAll(connections: Pick<Connections, "ofUser">, user: string): Promise<number> {
  const why = new LabaError("disconnected", "A backend ended all connections of this user.")
  let disconnected = 0
  for (let from: number | null = 0; from !== null;) {
    const page = connections.ofUser(user, from, sliceMax)
    for (const one of page.items) one.disconnect(why)
    disconnected += page.items.length
    from = page.next
    if (from !== null) await new Promise((resolve) => setImmediate(resolve))
  }
  return disconnected
}
