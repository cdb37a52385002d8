// Calls of a page to the server that it came from.

/** What was refused, with its code; or `away` when nobody answered. Its message is for people. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly status: number
  readonly code: string
  /** What was answered. */
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    const { code = String(status), detail = code } = body
    super(String(detail))
    this.status = status
    this.code = String(code)
    this.body = body
  }
}

/** A call that takes longer is given up: the network is gone and nobody has said so. */
const callMsMax = 10_000

/** Rejects with a `Refusal`. */
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
    throw new Refusal(0, { code: "away" })
  }
  const answered = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (response.ok) return answered as Answer
  throw new Refusal(response.status, answered)
}

/** Whether it makes sense to ask again: the server was not there, or not itself, or asks us to slow down. */
const isPassing = (error: unknown): boolean =>
  !(error instanceof Refusal) ||
  error.status === 0 ||
  error.status >= 500 ||
  error.code === "too_many_requests"

/** Asks until there is an answer; what is refused is thrown. `onDelay` is called when it takes more than one try. */
export async function retryUntilAnswered<Answer>(
  ask: () => Promise<Answer>,
  onDelay = () => {},
): Promise<Answer> {
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
