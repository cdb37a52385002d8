// A subscriber to payments: a connection of its own, a place of its own. It knows the channel and nothing else, neither the
// payment service nor who else listens. What it cannot tell it tries again in order, and sets aside what never can be told.
import { join } from "node:path"
import { FileAside, FilePlace, react, type Reacting, type Reaction, type ReactOptions } from "laba"
import { payments } from "../channels/names.ts"
import type { Payment } from "../payments/payment.ts"

/**
 * What is done for a payment. Rejects when it failed, with `NeverAgain` when trying again would change nothing. A try
 * that takes too long is given up by the signal.
 */
export type Notify = (payment: Payment, signal: AbortSignal) => Promise<"told" | "nothing to tell">

/** Why a payment is not told yet. */
export interface Trouble {
  readonly reason: string
  readonly attempts: number
}

interface SubscriberEvents {
  told(): void
  failed(trouble: Trouble): void
  /** It is kept with its reason, and the next one has its turn. */
  setAside(trouble: Trouble): void
  /** Payments that nobody will be told of. */
  missed(reason: string): void
}

interface SubscriberOptions {
  readonly labaUrl: string
  readonly token: () => string
  /** Where its place and what it set aside are kept. */
  readonly folder: string
  readonly tell: Notify
  readonly events: SubscriberEvents
  readonly clock?: ReactOptions["clock"]
}

/** Tries a minute apart at the longest: so a mail server may be away for most of an hour, and nothing overtakes. */
const triesMax = 60

/** A server or provider that does not answer in this time is tried again. */
export const tryMsMax = 30_000

/** Tells a payment, and counts it. */
export const reactionOf =
  (tell: Notify, told: () => void): Reaction =>
  async ({ data }, { signal }) => {
    if ((await tell(data as Payment, signal)) === "told") told()
  }

export const asideIn = (folder: string): FileAside => new FileAside(join(folder, "aside"))

/** Goes on where it was when it last ended; the first time, from now on. */
export function subscribe({
  labaUrl,
  token,
  folder,
  tell,
  events,
  clock,
}: SubscriberOptions): Promise<Reacting> {
  return react({
    url: labaUrl,
    token,
    channel: payments,
    reaction: reactionOf(tell, events.told),
    // Its Laba may have another port after a restart, and is the same.
    place: new FilePlace(join(folder, "place.json"), { server: "alerts", channel: payments }),
    aside: asideIn(folder),
    tries: triesMax,
    timeoutMs: tryMsMax,
    onFailure: (_, { reason, attempts, waitMs }) =>
      waitMs === null ? events.setAside({ reason, attempts }) : events.failed({ reason, attempts }),
    onReset: () =>
      events.missed("Laba has forgotten some payments, and they are not told. Those that it has kept are."),
    ...(clock && { clock }),
  })
}
