// A subscriber to payments: a connection of its own, a place of its own. It knows the channel and nothing else, neither the
// payment service nor who else listens.
import { connect, LabaFailure, type Message } from "laba/client"
import { payments } from "../channels/names.ts"
import type { Payment } from "../payments/payment.ts"

/** What is done for a payment. Rejects when it failed. */
export type Telling = (payment: Payment) => Promise<"told" | "nothing to tell">

export interface SubscriberEvents {
  told(): void
  /** It could not be told, and is given up when `isGivenUp`. */
  failed(reason: string, isGivenUp: boolean): void
}

/** So often a payment is tried to be told, with growing waits between. */
const triesMax = 6
const waitMsMin = 500

export interface SubscriberOptions {
  readonly labaUrl: string
  /** Goes on after this payment; without it, from now on. */
  readonly after: string | null
  readonly tell: Telling
  readonly events: SubscriberEvents
}

export interface Subscriber {
  /** Resolves once it listens. */
  ready(): Promise<unknown>
  /** Ends, and says where it stood: started after that it misses nothing. */
  stop(): Promise<string | null>
}

export function subscribe({ labaUrl, after, tell, events }: SubscriberOptions): Subscriber {
  const laba = connect(labaUrl)
  const channel = laba.channel(payments, after === null ? {} : { after })
  const stopping = new AbortController()
  let place = after
  const ready = channel.ready().then(({ cursor }) => (place ??= cursor))

  const tellUntilDone = async (message: Message): Promise<void> => {
    for (let tries = 1; !stopping.signal.aborted; tries++) {
      try {
        if ((await tell(message.data as Payment)) === "told") events.told()
        place = message.cursor
        return
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        const isGivenUp = tries >= triesMax
        events.failed(reason, isGivenUp)
        if (isGivenUp) {
          place = message.cursor
          return
        }
        // What is not told because we end is told when we come back.
        await wait(waitMsMin * 2 ** tries, stopping.signal)
      }
    }
  }
  const listen = async (): Promise<void> => {
    for (;;) {
      try {
        for await (const message of channel) await tellUntilDone(message)
        return
      } catch (error) {
        if (!(error instanceof LabaFailure) || error.code !== "reset") throw error
        events.failed("Laba has forgotten some payments; they are not told.", true)
      }
    }
  }
  const listening = listen().catch((error: unknown) => events.failed(String(error), true))
  return {
    ready: () => ready,
    async stop() {
      stopping.abort()
      channel.close()
      await listening
      laba.close()
      return place
    },
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener("abort", end, { once: true })
  })
}
