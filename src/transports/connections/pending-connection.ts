// Somebody who was let in and is not there yet: their reservation is held until the connection is open, and no longer than
// that may take. Then it is the open connection that counts.
import type { Identity } from "../../access/access.ts"
import type { Reservation } from "../../access/limits/reservation.ts"
import type { Connection, Client } from "./connection.ts"
import type { Timed, TimerWheel } from "../timer-wheel.ts"

/** A handshake is over within seconds, or never: a client that hangs up in its midst is told by nothing else. */
const openWithinMs = 30_000

interface PendingConnectionOptions {
  readonly client: Client
  readonly reservation: Reservation
  readonly wheel: TimerWheel
}

/** Stands for a connection's client until it is open. */
export class PendingConnection implements Client, Timed {
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  private readonly options: PendingConnectionOptions

  constructor(options: PendingConnectionOptions) {
    this.options = options
    options.wheel.add(this, openWithinMs)
  }

  get identity(): Identity {
    return this.options.client.identity
  }

  get addressGroup(): string | null {
    return this.options.client.addressGroup
  }

  /** In one turn: what was reserved is given back, and taken by the client. */
  opened(connection: Connection): void {
    this.left()
    connection.client = this.options.client
    connection.client.opened(connection)
  }

  left(): void {
    this.options.wheel.remove(this)
    this.options.reservation.release()
  }

  onDue(): void {
    this.left()
  }
}
