// The payment simulator as a provider, by HTTP. A real one would be a file like this.
import { createHmac, timingSafeEqual } from "node:crypto"
import type { Callback, PaymentProvider, TradeEnd } from "./provider.ts"

export interface HttpProviderOptions {
  readonly url: string
  /** Shared with the provider: signs its callbacks. */
  readonly secret: string
  /** Where callbacks go. */
  readonly callbackUrl: () => string
}

/** Longer than that and the provider counts as away. */
const answerMsMax = 3000

export const signatureHeader = "x-payment-signature"

export const signatureOf = (secret: string, body: string): string =>
  createHmac("sha256", secret).update(body).digest("hex")

export function httpProvider({ url, secret, callbackUrl }: HttpProviderOptions): PaymentProvider {
  const base = url.replace(/\/+$/, "")
  const ask = async <T>(path: string, body: unknown): Promise<T> => {
    const answer = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerMsMax),
    })
    if (!answer.ok) throw new Error(`The payment provider answered ${answer.status} to ${path}.`)
    return (await answer.json()) as T
  }
  return {
    open: (trade) => ask("/trades", { ...trade, callback: callbackUrl() }),
    close: (reference) => ask<TradeEnd>("/trades/close", { reference }),
    refund: async (payment) => void (await ask("/refunds", { payment })),
    readCallback: (headers, body) => {
      const given = Buffer.from(headers.get(signatureHeader) ?? "")
      const right = Buffer.from(signatureOf(secret, body))
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null
      return JSON.parse(body) as Callback
    },
  }
}
