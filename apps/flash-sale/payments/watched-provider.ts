// A provider whose outages are noticed: no question waits for longer than people do, and while it is away most are answered
// here, at once, that it is. Knows nothing of orders.
import { Outage, type OutageOptions } from "./outage.ts"
import { type PaymentProvider, ProviderRefusal } from "./provider.ts"

export interface WatchedProvider extends PaymentProvider {
  /** False while it is away and the next try is not due: whatever is asked would be refused here. */
  readonly mayAsk: boolean
  /** Whether nobody has had an answer for a while. */
  readonly isAway: boolean
}

/** A question that was not even asked, because the provider is away. */
class ProviderAway extends Error {
  override readonly name = "ProviderAway"
}

/** Longer than that and the provider counts as away. */
export const answerMsMax = 3000

interface WatchedOptions extends OutageOptions {
  /** Default `answerMsMax`; for tests. */
  readonly waitMsMax?: number
}

export function watchedProvider(
  provider: PaymentProvider,
  { waitMsMax = answerMsMax, ...options }: WatchedOptions = {},
): WatchedProvider {
  const outage = new Outage(options)
  const ask = async <T>(about: string, question: () => Promise<T>): Promise<T> => {
    if (!outage.mayAsk) throw new ProviderAway("The payment provider is away.")
    const noteEnd = outage.begin(about)
    try {
      const answer = await withinTime(question(), waitMsMax)
      noteEnd(true)
      return answer
    } catch (error) {
      noteEnd(error instanceof ProviderRefusal)
      throw error
    }
  }
  return {
    get mayAsk() {
      return outage.mayAsk
    },
    get isAway() {
      return outage.isAway
    },
    open: (trade) => ask(trade.reference, () => provider.open(trade)),
    look: (reference) => ask(reference, () => provider.look(reference)),
    close: (reference) => ask(reference, () => provider.close(reference)),
    refund: (payment) => ask(payment, () => provider.refund(payment)),
    readCallback: (headers, body) => provider.readCallback(headers, body),
  }
}

function withinTime<T>(answer: Promise<T>, msMax: number): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new Error("The payment provider does not answer in time.")), msMax)
  answer.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}
