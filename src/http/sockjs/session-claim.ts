// Which session is meant, and by whom.

export interface SessionClaim {
  /** The path that the service is below. */
  readonly service: string
  /** The name that its client chose. */
  readonly name: string
  /** What the request's credential says of who asks; undefined when it showed none. */
  readonly owner: string | undefined
}

/** What a session is known by. */
export const keyOf = ({ service, name }: Pick<SessionClaim, "service" | "name">): string =>
  `${service} ${name}`
