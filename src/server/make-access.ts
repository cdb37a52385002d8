// Who may come and how many: made of a node's configuration, and wired to its connections, so that whoever is revoked is sent away.
import type { Limits } from "../../wire/limits.ts"
import { AccessControl } from "../access/access-control.ts"
import { Revocations } from "../access/credentials/revocations.ts"
import { AdmissionControl, type OpenConnections } from "../access/limits/admission-control.ts"
import type { Config } from "../config/config.ts"
import type { Events } from "../telemetry/events.ts"
import type { Connections } from "../transports/connections/connections.ts"
import type { HeldPolls } from "../transports/poll/held-polls.ts"
import type { Timed, TimerWheel } from "../transports/timer-wheel.ts"
import { RightsReview } from "./running/rights-review.ts"

/** How often it is looked whether public keys are old: somebody who only listens shows no token that would ask for them. */
const keysRefreshMs = 60_000

interface AccessPartsOptions {
  readonly config: Config
  readonly limits: Limits
  readonly connections: Connections
  readonly heldPolls: HeldPolls
  readonly wheel: TimerWheel
  readonly events: Pick<Events, "issuerUnavailable">
}

export function makeAccess({ config, limits, connections, heldPolls, wheel, events }: AccessPartsOptions) {
  const revocations = new Revocations()
  const access = new AccessControl({
    config,
    revocations,
    onFetchKeys(url, error) {
      if (error !== null) events.issuerUnavailable(new URL(url).host, error)
    },
  })
  const rightsReview = new RightsReview({ connections, heldPolls, access })
  revocations.onRevoke = () => rightsReview.credentialsChanged()
  access.onWithdrawKeys = () => rightsReview.credentialsChanged()
  wheel.add(new KeyRefresh(access, wheel), keysRefreshMs)
  const openConnections: OpenConnections = {
    get size() {
      return connections.size
    },
    countOfUser: (user) => connections.countOfUser(user) + heldPolls.countOfUser(user),
  }
  return { access, admission: new AdmissionControl({ limits, openConnections }), revocations, rightsReview }
}

class KeyRefresh implements Timed {
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  private readonly access: AccessControl
  private readonly wheel: TimerWheel

  constructor(access: AccessControl, wheel: TimerWheel) {
    this.access = access
    this.wheel = wheel
  }

  onDue(): void {
    this.access.refreshOldKeys()
    this.wheel.add(this, keysRefreshMs)
  }
}
