// What the endpoints have to work with: the contract between them and the server that puts them together.
import type { AppRequest, Endpoint as EndpointOf } from "../../kit/http/app-request.ts"
import type { Database } from "../database/database.ts"
import type { LabaPush } from "../push/laba-push.ts"
import type { Secrets } from "../secrets.ts"
import type { LoginAttempts } from "./login-attempts.ts"

export interface Takeaway {
  readonly database: Database
  readonly secrets: Secrets
  readonly attempts: LoginAttempts
  /** Epoch milliseconds. */
  readonly clock: () => number
  readonly labaPush: LabaPush
  /** Where the page that asks finds Laba. */
  readonly labaFor: (request: AppRequest) => string
  /** Something has changed that somebody is to be told. */
  readonly wake: () => void
  /** The password of all demo shops, where it is the open one: good on this machine, and shown there. */
  readonly demoPassword: string | null
}

export type Endpoint = EndpointOf<Takeaway>
