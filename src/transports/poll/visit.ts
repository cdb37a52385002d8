// A held poll whose client the application knows by an id: it is in the list of connections for as long as it waits, so
// that it can be found, ended, and refused a push instead of being called gone.
import type { LabaError } from "../../../wire/error.ts"
import type { Connection, Connections } from "../connections.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Guest } from "../guest.ts"
import type { Hold } from "./hold.ts"

interface VisitOptions {
  readonly user: string | undefined
  readonly guest: Guest
  readonly channels: readonly Channel[]
}

export class Visit implements Connection {
  number = 0
  readonly transport = "poll"
  readonly protocol = "raw"
  user: string | undefined
  guest: Guest
  readonly channels: readonly Channel[]
  /** What waits, once it does. */
  private hold: Hold | null = null

  constructor({ user, guest, channels }: VisitOptions) {
    this.user = user
    this.guest = guest
    this.channels = channels
  }

  holds(hold: Hold): void {
    this.hold = hold
  }

  /** A poll has one answer, and that belongs to its channels. */
  direct(): boolean {
    return false
  }

  dismiss(error: LabaError): void {
    this.hold?.fail(error.code, error.detail)
  }

  sendAway(): void {
    this.hold?.onDue()
  }
}

/** Lists a poll under its number while it is answered. Without a number nobody knows it, and nothing is done. */
export async function visiting<Answer>(
  connections: Connections,
  number: number,
  visit: Visit,
  answer: (visit: Visit) => Promise<Answer>,
): Promise<Answer> {
  if (number === 0) return answer(visit)
  connections.addReserved(visit, number)
  try {
    return await answer(visit)
  } finally {
    connections.remove(visit)
  }
}
