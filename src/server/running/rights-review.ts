// After credentials or rules have changed: who is good no longer, and who listens to what they may hear no longer, is sent
// away, connected or waiting. Of the rules it is the change that counts: what the application attached they never opened.
import { LabaError } from "../../../wire/error.ts"
import type { Access, Identity } from "../../access/access.ts"
import type { Action, Channel } from "../../channels/channel.ts"
import type { Connection, WhyForbidden } from "../../transports/connections/connection.ts"
import type { Connections } from "../../transports/connections/connections.ts"
import type { HeldPolls } from "../../transports/poll/held-polls.ts"

/** Connections looked at in one turn. A decision is a microsecond or two, a close is a system call or two. */
const sliceMax = 500

interface RightsReviewOptions {
  readonly connections: Pick<Connections, "page">
  readonly heldPolls: Pick<HeldPolls, "page">
  readonly access: Pick<Access, "whyNoLongerValid" | "decide">
}

/** What somebody was allowed under the rules before. */
type AllowedBefore = (identity: Identity, action: Action, channel: Channel) => boolean

export class RightsReview {
  private readonly options: RightsReviewOptions
  private isUnderWay = false
  private isDueAgain = false

  constructor(options: RightsReviewOptions) {
    this.options = options
  }

  /** Something was revoked or withdrawn. However much of it comes meanwhile, one more look at everybody does. */
  credentialsChanged(): void {
    if (this.isUnderWay) {
      this.isDueAgain = true
      return
    }
    this.isUnderWay = true
    this.isDueAgain = false
    this.reviewAll(
      () => false,
      () => {
        this.isUnderWay = false
        if (this.isDueAgain) this.credentialsChanged()
      },
    )
  }

  /** Another configuration is in use. */
  rulesChanged(before: AllowedBefore): void {
    this.reviewAll(before, () => undefined)
  }

  private reviewAll(before: AllowedBefore, done: () => void): void {
    const reviewOne = (connection: Connection): void => this.look(connection, before)
    inSlices(this.options.connections, reviewOne, () => inSlices(this.options.heldPolls, reviewOne, done))
  }

  private look(connection: Connection, before: AllowedBefore): void {
    const { access } = this.options
    const { identity } = connection.client
    const objection = access.whyNoLongerValid(identity)
    if (objection) {
      // That nobody can say for now is no reason to end what was good.
      if (objection.code !== "keys_unavailable") connection.disconnect(objection)
      return
    }
    const whyForbidden: WhyForbidden = (action, channel) => {
      if (!before(identity, action, channel)) return null
      const { allowed, detail } = access.decide(identity, action, channel)
      return allowed ? null : detail
    }
    if (connection.endForbidden) return connection.endForbidden(whyForbidden)
    for (const channel of connection.channels) {
      const loss = whyForbidden("listen", channel as Channel)
      if (loss !== null) return connection.disconnect(new LabaError("forbidden", loss))
    }
  }
}

/** Looks at everybody who is there, a slice a turn. */
function inSlices(
  all: Pick<Connections, "page">,
  look: (connection: Connection) => void,
  done: () => void,
  from = 0,
): void {
  const { items, next } = all.page(from, sliceMax)
  for (const connection of items) look(connection)
  if (next === null) done()
  else setImmediate(() => inSlices(all, look, done, next))
}
