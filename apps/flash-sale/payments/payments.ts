// Which payment provider a shop works with: one by HTTP, of which the simulator is one, or one that the shop wrote itself
// against the contract in `provider.ts`. Either way its outages are noticed.
import { httpProvider } from "./http-provider.ts"
import type { PaymentProvider } from "./provider.ts"
import { type WatchedProvider, watchedProvider } from "./watched-provider.ts"

export type Payments =
  | {
      readonly url: string
      /** Signs what shop and provider tell each other. */
      readonly secret: string
    }
  /** Makes the shop's own provider; `callbackUrl` is where it tells of payments, once the shop listens. */
  | ((callbackUrl: () => string) => PaymentProvider)

export const providerFor = (payments: Payments, callbackUrl: () => string): WatchedProvider =>
  watchedProvider(
    typeof payments === "function" ? payments(callbackUrl) : httpProvider({ ...payments, callbackUrl }),
  )
