// A held poll whose client the application knows by an id: it is in the list of connections for as long as it waits, so
// that it can be found, ended, and refused a push instead of being called gone.
import type { LabaError } from "../../../wire/error.ts"
import type { Connection, Client } from "../connections/connection.ts"
import type { Connections } from "../connections/connections.ts"
import type { Channel } from "../../channels/channel.ts"
import type { HeldPoll } from "./held-poll.ts"

interface PollConnectionOptions {
  readonly user: string | undefined
  readonly client: Client
  readonly channels: readonly Channel[]
}

export class PollConnection implements Connection {
  number = 0
  readonly transport = "poll"
  readonly protocol = "raw"
  user: string | undefined
  client: Client
  readonly channels: readonly Channel[]
  /** What waits, once it does. */
  private heldPoll: HeldPoll | null = null

  constructor({ user, client, channels }: PollConnectionOptions) {
    this.user = user
    this.client = client
    this.channels = channels
  }

  waitsWith(poll: HeldPoll): void {
    this.heldPoll = poll
  }

  /** A poll has one answer, and that belongs to its channels. */
  direct(): boolean {
    return false
  }

  disconnect(error: LabaError): void {
    this.heldPoll?.fail(error.code, error.detail)
  }

  sendAway(): void {
    this.heldPoll?.onDue()
  }
}

/** Lists a poll under its number while it is answered. Without a number nobody knows it, and nothing is done. */
export async function whileListed<Answer>(
  connections: Connections,
  number: number,
  connection: PollConnection,
  answer: (connection: PollConnection) => Promise<Answer>,
): Promise<Answer> {
  if (number === 0) return answer(connection)
  connections.addReserved(connection, number)
  try {
    return await answer(connection)
  } finally {
    connections.remove(connection)
  }
}
