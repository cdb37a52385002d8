// What the endpoints have to work with: the contract between them and the server that puts them together.
import type { Database } from "../books/database.ts"
import type { Loudspeaker } from "../push/loudspeaker.ts"
import type { Secrets } from "../secrets.ts"
import type { LoginAttempts } from "./login-attempts.ts"

export interface Desk {
  readonly books: Database
  readonly secrets: Secrets
  readonly attempts: LoginAttempts
  /** Epoch milliseconds. */
  readonly clock: () => number
  readonly loudspeaker: Loudspeaker
  /** Where the page that asks finds Laba. */
  readonly labaFor: (request: Request) => string
  /** Something has changed that somebody is to be told. */
  readonly wake: () => void
  /** The password of all demo shops, where it is the open one: good on this machine, and shown there. */
  readonly demoPassword: string | null
}

export interface Call {
  readonly request: Request
  /** The parts of the path that the route names. */
  readonly names: Readonly<Record<string, string>>
  /** The caller's address, for counting failures. */
  readonly address: string
}

export type Endpoint = (desk: Desk, call: Call) => Response | Promise<Response>
