// Calls of a backend to Laba, over HTTP and with its key, as one in any language makes them.

/** Where a Laba is, and the key by which it knows this backend. */
export interface LabaAccess {
  readonly url: string
  readonly key: string
}

interface LabaCall {
  readonly json?: unknown
  /** The same under the same key is done once. */
  readonly idempotencyKey?: string
}

/** A call that takes longer has failed, and is made again where that matters. */
const callMsMax = 5000

/** Resolves with whatever is answered. */
export const callLaba = (
  { url, key }: LabaAccess,
  method: "GET" | "POST",
  path: string,
  { json, idempotencyKey }: LabaCall = {},
): Promise<Response> =>
  fetch(url + path, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      ...(json !== undefined && { "Content-Type": "application/json" }),
      ...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    signal: AbortSignal.timeout(callMsMax),
  })

/** What a call came to, as JSON. Rejects when it was refused. */
export async function labaAnswer<Answer>(response: Response): Promise<Answer> {
  if (!response.ok)
    throw new Error(`Laba answered ${response.status}: ${(await response.text()).slice(0, 200)}`)
  return (await response.json()) as Answer
}

/** Publishes, again with the same key until there is an answer. Rejects when it was refused, or nobody answered. */
export async function publish(
  access: LabaAccess,
  channel: string,
  json: unknown,
  { once, triesMax = 5 }: { readonly once: string; readonly triesMax?: number },
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return void (await labaAnswer(await callLaba(access, "POST", channel, { json, idempotencyKey: once })))
    } catch (error) {
      if (tries >= triesMax) throw error
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tries))
    }
  }
}
