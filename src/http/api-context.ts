// The dependencies of the HTTP endpoints of one node, flat and by name: an endpoint takes what it needs.
import type { AccessControl } from "../access/access-control.ts"
import type { Nodes } from "../cluster/nodes.ts"
import type { Application } from "../hooks/application.ts"
import type { Drafts } from "../hub/drafts.ts"
import type { HeldPolls } from "../transports/poll/held-polls.ts"
import type { SockJsContext } from "./sockjs/sockjs-context.ts"
import type { StompContext } from "../transports/stomp/stomp-context.ts"
import type { TransportContext } from "../transports/transport-context.ts"
import type { SocketKinds } from "../transports/websocket/socket-kinds.ts"

/** An endpoint hands its request to a transport, so it has what transports need, too. */
export interface ApiContext extends TransportContext {
  readonly access: AccessControl
  readonly drafts: Drafts
  readonly application: Application
  readonly heldPolls: HeldPolls
  readonly nodes: Nodes
  readonly socketKinds: SocketKinds
  readonly stomp: StompContext
  readonly sockjs: SockJsContext
  readonly shutdown: ShutdownState
  /** A health check or a scraper asked at a path such as `/healthz`, which is a channel here and always looks well: the operator is told. */
  readonly onProbe: (path: string) => void
  /** A client of SockJS came to a path that speaks STOMP by WebSockets alone: the operator is told. */
  readonly onSockJsMissed: (path: string) => void
  /** A WebSocket came to a path where STOMP is spoken over SockJS alone: the operator is told. */
  readonly onStompMissed: (path: string) => void
}

/** How far a node is on its way out. */
export interface ShutdownState {
  /** `/_/ready` says no; everybody is still let in and served. Before `draining`. */
  leaving: boolean
  /** Nobody new is let in. */
  draining: boolean
}
