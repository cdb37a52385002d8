// One HTTP request on its way through the API, and what every endpoint works with.
import type { Identity } from "../access/access.ts"
import type { AdmissionControl } from "../access/limits/admission-control.ts"
import type { AccessControl } from "../access/access-control.ts"
import type { Application } from "../hooks/application.ts"
import type { Drafts } from "../hub/drafts.ts"
import type { Nodes } from "../cluster/nodes.ts"
import type { HttpServer } from "../transports/bun-server.ts"
import type { HeldPolls } from "../transports/poll/held-polls.ts"
import type { TransportContext } from "../transports/transport-context.ts"
import type { StompContext } from "../transports/stomp/stomp-context.ts"
import type { SocketKinds } from "../transports/websocket/socket-kinds.ts"

/** What was asked. */
export interface Ask {
  readonly request: Request
  readonly server: HttpServer
  /** The path as it came, without query. */
  readonly path: string
  /** The query with its `?`, or empty. */
  readonly search: string
  /** Who asks, by the credential shown. Found by the router before any endpoint is reached. */
  identity: Identity
  /** The answer's own headers say already that it differs by origin: to look at them again costs each open stream 230 bytes. */
  saysVary?: true
}

/** What endpoints share. */
export interface Station {
  readonly shared: TransportContext
  readonly access: AccessControl
  readonly admission: AdmissionControl
  readonly drafts: Drafts
  readonly application: Application
  readonly holds: HeldPolls
  readonly nodes: Nodes
  readonly socketKinds: SocketKinds
  readonly stomp: StompContext
  /** Something that looks for a health check or for metrics asked a channel that nothing was published to. */
  readonly onProbe: (path: string) => void
  /** True once the node is going away: nobody new is let in. */
  readonly draining: boolean
}
