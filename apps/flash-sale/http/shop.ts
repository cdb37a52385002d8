// What the endpoints work with: the running shop, seen from HTTP.
import type { Ticket } from "../book/memory/memory.ts"
import type { Sale } from "../book/sale.ts"
import type { Sales } from "../book/sales.ts"
import type { AdmissionQueue } from "../admission/admission-queue.ts"
import type { AttemptLimiter } from "../admission/attempt-limiter.ts"
import type { Ledger } from "../ledger/ledger.ts"
import type { Cashier } from "../payments/cashier.ts"
import type { AddressOf } from "./front/client-address.ts"
import type { DemoLogin, Login } from "./login.ts"
import type { PromiseChecker } from "../audit/promise-checker.ts"
import type { Refunds } from "../payments/refunds.ts"
import type { Retention } from "../book/retention.ts"
import type { Counters } from "./monitoring/counters.ts"

export interface Shop {
  readonly ledger: Ledger
  readonly sales: Sales
  readonly cashier: Cashier
  readonly login: Login
  /** The built-in login; null when the shop has its own. */
  readonly demo: DemoLogin | null
  readonly operatorKey: string
  readonly checker: PromiseChecker
  readonly retention: Retention
  readonly refunds: Refunds
  readonly counters: Counters
  readonly addressOf: AddressOf
  /** Where browsers find the shop, when that is not where it listens. */
  readonly publicUrl: string | undefined
  /** How often one may try from the same network; null is as often as one likes. */
  readonly addresses: AttemptLimiter | null
  readonly clock: () => number
  /** Where clients listen: Laba's URL. */
  readonly labaUrl: () => string
  /** A token with which a user listens there. */
  listenToken(user: string): string
  admissionOf(sale: Sale): AdmissionQueue
  /**
   * Where Laba is elsewhere and cannot ask about a channel that is still empty: resolves once it has a new ticket's record, or
   * has been waited for long enough.
   */
  announced?(sale: Sale, ticket: Ticket): Promise<void>
  /** Has waiting work done soon. */
  wake(): void
}

/** One request, with what its path names. */
export interface Ask {
  readonly request: Request
  readonly names: Readonly<Record<string, string>>
  /** Who asks, where it is an affair of buyers; else nobody. */
  readonly user: string
}

export type Endpoint = (shop: Shop, ask: Ask) => Response | Promise<Response>
