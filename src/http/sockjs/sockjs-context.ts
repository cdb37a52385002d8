// What SockJS's endpoints share: the paths that it is served below, and the sessions over HTTP that live on this node.
import type { SockJsSession } from "../../transports/sockjs/sockjs-session.ts"
import { keyOf, type SessionClaim } from "./session-claim.ts"
import { SessionsElsewhere } from "./session-elsewhere.ts"
import type { SockJsCarries, SockJsConfig } from "./sockjs-config.ts"

/** Where in a service of SockJS a request goes. */
export interface SockJsPlace {
  /** The path that the configuration names. */
  readonly service: string
  readonly carries: SockJsCarries
  /** What follows it, without a slash at its end. */
  readonly rest: string
}

interface OpenSession {
  readonly session: SockJsSession
  /** What the credential said of who opened it. */
  readonly openedBy: string | undefined
}

export class SockJsContext {
  /** Replaced by a reload: what lives goes on, by paths that are served still. */
  config: SockJsConfig
  readonly elsewhere = new SessionsElsewhere()
  /** By service and the name that the client chose. */
  private readonly sessions = new Map<string, OpenSession>()
  /** Those that somebody is being let in for. */
  private readonly opening = new Set<string>()

  constructor(config: SockJsConfig) {
    this.config = config
  }

  /** Null for a path that is none of SockJS's. */
  placeOf(path: string): SockJsPlace | null {
    for (const [service, carries] of this.config.paths) {
      if (!path.startsWith(service)) continue
      if (path.length > service.length && path[service.length] !== "/") continue
      const rest = path.slice(service.length)
      return { service, carries, rest: rest.endsWith("/") ? rest.slice(0, -1) : rest }
    }
    return null
  }

  /** A name can be guessed or seen, so a session that was opened with a credential is found by its owner alone: "not theirs" for others. */
  find(claim: SessionClaim): SockJsSession | "not theirs" | null {
    const known = this.sessions.get(keyOf(claim))
    if (!known) return null
    return known.openedBy === undefined || known.openedBy === claim.owner ? known.session : "not theirs"
  }

  isOpening(claim: Pick<SessionClaim, "service" | "name">): boolean {
    return this.opening.has(keyOf(claim))
  }

  /** Opens one session at a time under a name, unless `make` has a frame of one that lives elsewhere. The caller has looked that there is none here. */
  async open(
    claim: SessionClaim,
    make: (onForgotten: () => void) => Promise<SockJsSession | string>,
  ): Promise<SockJsSession | string> {
    const key = keyOf(claim)
    this.opening.add(key)
    try {
      const made = await make(() => this.sessions.delete(key))
      if (typeof made !== "string") this.sessions.set(key, { session: made, openedBy: claim.owner })
      return made
    } finally {
      this.opening.delete(key)
    }
  }
}
