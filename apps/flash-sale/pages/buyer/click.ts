// From the click to a ticket, or to a refusal that says why. Whatever is lost on the way is sent again under the same key,
// so a click is never doubled and never forgotten, over a reload too.
import { type Ask, Refused, Unreachable } from "../ask.ts"
import type { AdmissionView, TicketView } from "../../model/wire/api.ts"

/** Where a click is. */
export type Click =
  | { readonly kind: "none" }
  | { readonly kind: "entering" }
  /** The door said: later. Tried again at `againAt`, by the server's clock. */
  | { readonly kind: "knocking"; readonly code: string; readonly againAt: number }
  | { readonly kind: "refused"; readonly code: string; readonly mayRetry: boolean }

type Entered =
  { readonly admission: AdmissionView } | { readonly held: TicketView } | { readonly refused: string }

export interface ClickOptions {
  readonly ask: Ask
  readonly sale: string
  /** Null is the only one: then the request needs no body, and is read sooner. */
  readonly item: string | null
  /** Makes every repeat of this click the same click. */
  readonly key: string
  /** When tokens are given out, by the server's clock. Before it, in the lobby, none is needed. */
  readonly startsAt: () => number
  /** The first request after the start waits a random time up to this: not everybody's in the same millisecond. */
  readonly jitterMs: number
  readonly now: () => number
  readonly random: () => number
  /** Resolves after a time; rejects when the buyer has called it off. */
  readonly pause: (ms: number) => Promise<void>
  readonly said: (click: Click) => void
}

/** Waits after a lost request grow up to this. */
const pauseMsMax = 5000

/** Ends with the shop's answer, however long that takes: a click has no deadline, the buyer may call it off. */
export async function enter(options: ClickOptions): Promise<Entered> {
  const { now, startsAt, jitterMs, random, pause, said } = options
  said({ kind: "entering" })
  const spreadUntil = startsAt() + random() * jitterMs
  if (now() >= startsAt() && now() < spreadUntil) await pause(spreadUntil - now())
  for (let losses = 0; ;) {
    try {
      return await attempt(options)
    } catch (error) {
      if (error instanceof Unreachable) {
        losses += 1
        await pause(random() * Math.min(pauseMsMax, 250 * 2 ** losses))
      } else if (error instanceof Refused && error.next === "later") {
        // Spread a little: everybody who was refused was given the same time.
        const waitMs = (error.retryAfterSeconds ?? 1) * 1000 * (1 + random() * 0.25)
        if (error.code === "QUEUE_FULL" || error.code === "TOO_FAST" || error.code === "NOT_OPEN")
          said({ kind: "knocking", code: error.code, againAt: now() + waitMs })
        await pause(waitMs)
        said({ kind: "entering" })
      } else if (error instanceof Refused && error.next === "token") {
        // The token ran out, or was spent by a click of another tab. A new one shows which.
        await pause(200)
      } else if (error instanceof Refused && error.next === "never") {
        const { ticket } = error.body
        return ticket ? { held: ticket as TicketView } : { refused: error.code }
      } else throw error
    }
  }
}

async function attempt({ ask, sale, item, key, startsAt, now }: ClickOptions): Promise<Entered> {
  const path = `/api/sales/${encodeURIComponent(sale)}`
  const token = now() < startsAt() ? null : (await ask<{ token: string }>("POST", `${path}/token`)).token
  const admission = await ask<AdmissionView>("POST", `${path}/tickets`, {
    ...(item !== null && { body: { item } }),
    headers: { "Idempotency-Key": key, ...(token !== null && { "Buy-Token": token }) },
  })
  return { admission }
}
