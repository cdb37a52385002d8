// Calls to the desk from its own pages.

/** What the desk refused, with its code; or `away` when it did not answer. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly status: number
  readonly code: string
  /** What else was in the answer. */
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, body: Readonly<Record<string, unknown>> = {}) {
    super(code)
    this.status = status
    this.code = code
    this.body = body
  }
}

/** A call that takes longer is given up: the network is gone and nobody has said so. */
const callMsMax = 10_000

export async function call<Answer>(
  method: "GET" | "POST",
  path: string,
  { body, key }: { readonly body?: unknown; readonly key?: string } = {},
): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(key !== undefined && { "Idempotency-Key": key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(callMsMax),
    })
  } catch {
    throw new Refusal(0, "away")
  }
  const answered = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (response.ok) return answered as Answer
  const { code } = answered
  throw new Refusal(response.status, typeof code === "string" ? code : String(response.status), answered)
}

/** Whether it makes sense to ask again: the desk was not there, or was not itself. */
const isPassing = (error: unknown): boolean =>
  !(error instanceof Refusal) || error.status === 0 || error.status >= 500

/** Asks until there is an answer; what the desk refuses is thrown. `onDelay` is called when it takes more than one try. */
export async function insist<Answer>(ask: () => Promise<Answer>, onDelay = () => {}): Promise<Answer> {
  for (let time = 0; ; time++) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error)) throw error
      onDelay()
      const ms = Math.min(500 * 2 ** time, 5000)
      await new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random() / 2)))
    }
  }
}
