// The kinds of socket groups on this node: one for each protocol spoken over WebSocket.
import { labaProtocol } from "../../protocols/laba/frames.ts"
import type { Protocol } from "../../protocols/protocol.ts"
import { rawProtocol } from "../../protocols/raw.ts"
import { inSockJs } from "../../protocols/sockjs/shared-frames.ts"
import type { SlowReaders } from "../slow-readers.ts"
import type { GroupKind } from "../transport.ts"
import { type ServerHandle, socketGroups } from "./socket-group.ts"

export interface SocketKinds {
  readonly raw: GroupKind
  /** That of any protocol that is spoken in a conversation; one object gives one kind. */
  readonly of: (protocol: Protocol) => GroupKind
  /** The same, in frames of SockJS. */
  readonly inSockJs: (protocol: Protocol) => GroupKind
}

export function makeSocketKinds(serverHandle: ServerHandle, slowReaders: SlowReaders): SocketKinds {
  const makeKind = (
    name: string,
    protocol: Protocol,
    more: { readonly textOnly?: boolean } = {},
  ): GroupKind => socketGroups(name, { protocol, serverHandle, slowReaders, ...more })
  const raw = makeKind("websocket-raw", rawProtocol)
  const kinds = new WeakMap<Protocol, GroupKind>([
    [labaProtocol, makeKind("websocket-laba", labaProtocol)],
    [rawProtocol, raw],
  ])
  const kindOf = (protocol: Protocol, make: () => GroupKind): GroupKind => {
    let kind = kinds.get(protocol)
    if (!kind) kinds.set(protocol, (kind = make()))
    return kind
  }
  return {
    raw,
    of: (protocol) => kindOf(protocol, () => makeKind("websocket-stomp", protocol)),
    inSockJs(carried) {
      const protocol = inSockJs(carried)
      return kindOf(protocol, () => makeKind("sockjs-websocket", protocol, { textOnly: true }))
    },
  }
}
