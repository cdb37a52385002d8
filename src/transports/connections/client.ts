// Who is at the other end of a connection: their identity, how many there are from their address, and the time that their
// token gives them. Most are nobody known, and all of those from this machine are one object.
import { LabaError } from "../../../wire/error.ts"
import { type Access, anyone, type Identity } from "../../access/access.ts"
import type { AddressUsage } from "../../access/limits/reservation.ts"
import type { Client, Connection } from "./connection.ts"
import type { Timed, TimerWheel } from "../timer-wheel.ts"

/** Seconds before its token runs out that a connection is told, if it lives that long: time to fetch another one. */
const warningSeconds = 30

/** Nobody in particular, from this machine. */
export const anonymousClient: Client = {
  identity: anyone,
  addressGroup: null,
  opened: () => undefined,
  left: () => undefined,
}

const performanceNow = (): number => performance.now()

/** What wakes a client, and who says whether it may stay. */
interface ClientContext {
  readonly wheel: TimerWheel
  readonly access: Pick<Access, "whyNoLongerValid">
}

interface ClientOptions {
  readonly identity: Identity
  readonly addressUsage: AddressUsage | null
  readonly context: ClientContext
  /** The date, in milliseconds since 1970. */
  readonly now?: () => number
  /** Milliseconds that nobody sets. */
  readonly monotonic?: () => number
}

export function makeClient(options: ClientOptions): Client {
  return options.identity === anyone && options.addressUsage === null
    ? anonymousClient
    : new TrackedClient(options)
}

/** The same client with another token: it replaces the old one, and is counted once all the while. */
export function renewClient(connection: Connection, identity: Identity, context: ClientContext): void {
  const before = connection.client
  before.left()
  connection.client = new TrackedClient({
    identity,
    addressUsage: before instanceof TrackedClient ? before.addressUsage : null,
    context,
  })
  connection.client.opened(connection)
}

class TrackedClient implements Client, Timed {
  readonly identity: Identity
  readonly addressUsage: AddressUsage | null
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  private readonly context: ClientContext
  private readonly now: () => number
  private readonly monotonic: () => number
  private connection: Connection | null = null
  /** When the time is over that its token had left when it was shown, by the monotonic clock: a date that is set back gives no more. */
  private endsAtMs = Number.POSITIVE_INFINITY

  constructor(options: ClientOptions) {
    const { identity, addressUsage, context, now = Date.now, monotonic = performanceNow } = options
    this.identity = identity
    this.addressUsage = addressUsage
    this.context = context
    this.now = now
    this.monotonic = monotonic
  }

  get addressGroup(): string | null {
    return this.addressUsage?.addressGroup ?? null
  }

  opened(connection: Connection): void {
    this.connection = connection
    if (this.addressUsage) this.addressUsage.connections++
    // Revoked while it was on its way in, when nobody could find it yet.
    if (this.objection) return this.wakeIn(0)
    const left = this.secondsLeft
    if (left === Number.POSITIVE_INFINITY) return
    this.endsAtMs = this.monotonic() + left * 1000
    this.wakeIn(left > warningSeconds * 2 ? left - warningSeconds : left / 2)
  }

  left(): void {
    if (!this.connection) return
    this.connection = null
    if (this.addressUsage) this.addressUsage.connections--
    this.context.wheel.remove(this)
  }

  onDue(): void {
    const { connection } = this
    if (!connection) return
    const { objection } = this
    if (objection) return connection.disconnect(objection)
    const left = this.secondsLeft
    if (left <= 0)
      return connection.disconnect(new LabaError("token_expired", "The token has expired; get a new one."))
    connection.expiring?.(Math.ceil(left))
    this.wakeIn(left)
  }

  /** That nobody can say for now is none. */
  private get objection(): LabaError | null {
    const objection = this.context.access.whyNoLongerValid(this.identity)
    return objection?.code === "keys_unavailable" ? null : objection
  }

  private get secondsLeft(): number {
    if (this.identity.kind !== "token") return Number.POSITIVE_INFINITY
    return Math.min(this.identity.expiresAtMs - this.now(), this.endsAtMs - this.monotonic()) / 1000
  }

  private wakeIn(seconds: number): void {
    this.context.wheel.add(this, Math.max(0, seconds * 1000))
  }
}
