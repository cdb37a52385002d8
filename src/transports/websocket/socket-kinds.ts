// The kinds of socket groups on this node: one for each protocol spoken over WebSocket.
import { labaProtocol } from "../../protocols/laba/frames.ts"
import type { Protocol } from "../../protocols/protocol.ts"
import { rawProtocol } from "../../protocols/raw.ts"
import type { SlowReaders } from "../slow-readers.ts"
import type { GroupKind } from "../transport.ts"
import { type ServerHandle, socketGroups } from "./socket-group.ts"

export interface SocketKinds {
  readonly raw: GroupKind
  /** That of any protocol that is spoken in a conversation; one object gives one kind. */
  readonly of: (protocol: Protocol) => GroupKind
}

export function makeSocketKinds(serverHandle: ServerHandle, slowReaders: SlowReaders): SocketKinds {
  const makeKind = (name: string, protocol: Protocol): GroupKind =>
    socketGroups(name, { protocol, serverHandle, slowReaders })
  const raw = makeKind("websocket-raw", rawProtocol)
  const kinds = new WeakMap<Protocol, GroupKind>([
    [labaProtocol, makeKind("websocket-laba", labaProtocol)],
    [rawProtocol, raw],
  ])
  return {
    of(protocol) {
      const known = kinds.get(protocol)
      if (known) return known
      const kind = makeKind("websocket-stomp", protocol)
      kinds.set(protocol, kind)
      return kind
    },
    raw,
  }
}
