// The kinds of socket groups on this node: one for each protocol spoken over WebSocket.
import { labaProtocol } from "../../protocols/laba/frames.ts"
import type { Protocol } from "../../protocols/protocol.ts"
import { rawProtocol } from "../../protocols/raw.ts"
import type { LabaSocket } from "./laba-socket.ts"
import type { Subscription } from "../laba/subscription.ts"
import type { SlowReaders } from "../slow-readers.ts"
import type { GroupKind, Listener } from "../transport.ts"
import type { Socket } from "./socket.ts"
import { type ServerHandle, socketGroups } from "./socket-group.ts"

export interface SocketKinds {
  readonly raw: GroupKind
  readonly laba: GroupKind
  /** That of any protocol; one object gives one kind. */
  readonly of: (protocol: Protocol) => GroupKind
}

/** A raw listener is its socket, or an attached channel of one. */
interface RawListener extends Listener {
  readonly socket: Socket
}

export function makeSocketKinds(serverHandle: ServerHandle, slowReaders: SlowReaders): SocketKinds {
  const kinds = new WeakMap<Protocol, GroupKind>()
  const makeKind = (protocol: Protocol): GroupKind =>
    socketGroups<Listener>("websocket-stomp", {
      protocol,
      // What listeners of a socket share is the socket.
      socketOf: (listener) => listener.outbox as Socket,
      serverHandle,
      slowReaders,
    })
  return {
    of(protocol) {
      const known = kinds.get(protocol)
      if (known) return known
      const kind = makeKind(protocol)
      kinds.set(protocol, kind)
      return kind
    },
    raw: socketGroups<RawListener>("websocket-raw", {
      protocol: rawProtocol,
      socketOf: (listener) => listener.socket,
      serverHandle,
      slowReaders,
    }),
    laba: socketGroups<Subscription>("websocket-laba", {
      protocol: labaProtocol,
      // Only sockets are in groups of this kind: it is their connection that names it.
      socketOf: (subscription) => subscription.connection as LabaSocket,
      serverHandle,
      slowReaders,
    }),
  }
}
