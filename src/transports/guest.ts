// Who is at the other end of a connection: their identity, the seat they take among those of their address, and the time
// that their token gives them. Most are strangers, and all strangers from this machine are one object.
import type { LabaError } from "../../wire/error.ts"
import { type Access, anyone, type Identity } from "../access/access.ts"
import type { AddressUsage } from "../access/limits/reservation.ts"
import type { Connection } from "./connections.ts"
import type { Shared } from "./shared.ts"
import type { Timed } from "./timer-wheel.ts"

/** Seconds before its token runs out that a connection is told, if it lives that long: time to fetch another one. */
const warningSeconds = 30

export interface Guest {
  readonly identity: Identity
  /** What publishes are counted by where nothing better is known; null for this machine's own. */
  readonly addressGroup: string | null
  opened(connection: Connection): void
  left(): void
}

/** Nobody in particular, from this machine. */
export const stranger: Guest = {
  identity: anyone,
  addressGroup: null,
  opened: () => undefined,
  left: () => undefined,
}

/** What wakes a guest, and who says whether it may stay. */
type GuestShared = Pick<Shared, "wheel"> & { readonly access: Pick<Access, "objectionTo"> }

interface GuestOptions {
  readonly identity: Identity
  readonly addressUsage: AddressUsage | null
  readonly shared: GuestShared
  readonly now?: () => number
}

export function guestOf(options: GuestOptions): Guest {
  return options.identity === anyone && options.addressUsage === null ? stranger : new KnownGuest(options)
}

/** The same guest with another token: it takes the old one's place and seat. */
export function renewed(connection: Connection, identity: Identity, shared: GuestShared): void {
  const before = connection.guest
  before.left()
  connection.guest = new KnownGuest({
    identity,
    addressUsage: before instanceof KnownGuest ? before.addressUsage : null,
    shared,
  })
  connection.guest.opened(connection)
}

class KnownGuest implements Guest, Timed {
  readonly identity: Identity
  readonly addressUsage: AddressUsage | null
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  private readonly shared: GuestShared
  private readonly now: () => number
  private connection: Connection | null = null

  constructor({ identity, addressUsage, shared, now = Date.now }: GuestOptions) {
    this.identity = identity
    this.addressUsage = addressUsage
    this.shared = shared
    this.now = now
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
    this.wakeIn(left > warningSeconds * 2 ? left - warningSeconds : left / 2)
  }

  left(): void {
    if (!this.connection) return
    this.connection = null
    if (this.addressUsage) this.addressUsage.connections--
    this.shared.wheel.remove(this)
  }

  onDue(): void {
    const { connection } = this
    if (!connection) return
    const { objection } = this
    if (objection) return connection.dismiss(objection)
    const left = this.secondsLeft
    connection.expiring?.(Math.ceil(left))
    this.wakeIn(left)
  }

  /** That nobody can say for now is none. */
  private get objection(): LabaError | null {
    const objection = this.shared.access.objectionTo(this.identity)
    return objection?.code === "keys_unavailable" ? null : objection
  }

  private get secondsLeft(): number {
    return this.identity.kind === "token"
      ? (this.identity.expiresAtMs - this.now()) / 1000
      : Number.POSITIVE_INFINITY
  }

  private wakeIn(seconds: number): void {
    this.shared.wheel.add(this, Math.max(0, seconds * 1000))
  }
}
