// Publishes as any backend does: one POST, again with the same Idempotency-Key until there is an answer. It needs no
// client and no library.

export interface Outlet {
  readonly labaUrl: string
  readonly key: string
}

interface PostOptions {
  /** The same message under the same key is published once. */
  readonly once: string
  readonly triesMax?: number
}

const answerMsMax = 5_000

/** Resolves with the message's cursor. Throws when it was refused, or nobody answered. */
export async function post(
  { labaUrl, key }: Outlet,
  channel: string,
  json: unknown,
  { once, triesMax = 5 }: PostOptions,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      const answer = await fetch(labaUrl + channel, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Authorization: `Bearer ${key}`,
          "Idempotency-Key": once,
        },
        body: JSON.stringify(json),
        signal: AbortSignal.timeout(answerMsMax),
      })
      if (answer.ok) return ((await answer.json()) as { cursor: string }).cursor
      throw new Error(`Laba answered ${answer.status}: ${await answer.text()}`)
    } catch (error) {
      if (tries >= triesMax) throw error
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tries))
    }
  }
}
