// A payment provider by HTTP, as `docs/guide/flash-sale-payments.md` describes it; the payment simulator is one.
import { z } from "zod"
import { type Callback, type PaymentProvider, ProviderRefusal } from "./provider.ts"
import { isSigned, signatureOf } from "./signed-body.ts"
import { answerMsMax } from "./watched-provider.ts"

interface HttpProviderOptions {
  readonly url: string
  /** Shared with the provider: signs what each tells the other. */
  readonly secret: string
  /** Where callbacks go. */
  readonly callbackUrl: () => string
  /** Milliseconds since 1970. Default: the system's. */
  readonly clock?: () => number
}

export const signatureHeader = "x-payment-signature"

const amount = z.int().min(0)
const closed = z.object({ state: z.literal("closed") })
const paid = z.object({ state: z.literal("paid"), payment: z.string().min(1), amount })
const opened = z.object({ payUrl: z.url({ protocol: /^https?$/ }) })
const tradeEnd = z.union([closed, paid])
const tradeNow = z.union([z.object({ state: z.literal("open") }), closed, paid])
const callback = z.object({
  reference: z.string(),
  payment: z.string().min(1),
  amount,
  state: z.enum(["paid", "declined"]).optional(),
})

export function httpProvider(options: HttpProviderOptions): PaymentProvider {
  const { url, secret, callbackUrl, clock = Date.now } = options
  const base = url.replace(/\/+$/, "")
  const post = async (path: string, asked: unknown): Promise<Response> => {
    const body = JSON.stringify(asked)
    const answer = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", [signatureHeader]: signatureOf(secret, clock(), body) },
      body,
      signal: AbortSignal.timeout(answerMsMax),
    })
    if (answer.ok) return answer
    await answer.body?.cancel()
    const said = `The payment provider answered ${answer.status} to ${path}.`
    throw isNo(answer.status) ? new ProviderRefusal(said) : new Error(said)
  }
  const ask = async <T>(path: string, asked: unknown, form: z.ZodType<T>): Promise<T> =>
    form.parse(await (await post(path, asked)).json())
  return {
    open: (trade) => ask("/trades", { ...trade, callback: callbackUrl() }, opened),
    look: (reference) => ask("/trades/look", { reference }, tradeNow),
    close: (reference) => ask("/trades/close", { reference }, tradeEnd),
    async refund(payment) {
      const answer = await post("/refunds", { payment })
      await answer.body?.cancel()
    },
    readCallback: (headers, body) =>
      isSigned(secret, clock(), headers.get(signatureHeader), body) ? callbackIn(body) : null,
  }
}

function callbackIn(body: string): Callback | null {
  try {
    return callback.parse(JSON.parse(body))
  } catch {
    return null
  }
}

/** All else, also a signature that it does not know, is no answer to the question: it is asked again. */
const isNo = (status: number): boolean => status === 404 || status === 409 || status === 410
