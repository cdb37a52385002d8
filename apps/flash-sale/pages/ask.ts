// Asks the shop's HTTP API. What it refuses is thrown with its code; a shop that cannot be reached is thrown as such,
// because then trying again is right.

/** The shop has answered no. */
export class Refused extends Error {
  override readonly name = "Refused"
  readonly status: number
  readonly code: string
  readonly next: string | null
  readonly retryAfterSeconds: number | null
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(textIn(body["detail"]) ?? `The shop answered ${status}.`)
    this.status = status
    this.body = body
    this.code = textIn(body["code"]) ?? "unknown"
    this.next = textIn(body["next"])
    const seconds = body["retryAfterSeconds"]
    this.retryAfterSeconds = typeof seconds === "number" ? seconds : null
  }
}

const textIn = (value: unknown): string | null => (typeof value === "string" ? value : null)

/** No answer, or one that is not the shop's. */
export class Unreachable extends Error {
  override readonly name = "Unreachable"
}

export interface Asked {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Ask = <T>(method: string, path: string, asked?: Asked) => Promise<T>

/** A phone on a bad network gets there within; what is longer has been lost on the way. */
const answerMsMax = 8000

/** Asks at the origin that the page came from. */
export const ask: Ask = async <T>(method: string, path: string, { body, headers = {} }: Asked = {}) => {
  const answer = await fetchOrFail(path, {
    method,
    headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    cache: "no-store",
    signal: AbortSignal.timeout(answerMsMax),
  })
  const json = await jsonOf(answer)
  if (answer.ok) return json as T
  // A shop that starts or fails has said nothing about the matter; a refusal says what to do next.
  if (answer.status >= 500 && typeof json["next"] !== "string" && json["code"] !== "provider_away")
    throw new Unreachable(`The shop answered ${answer.status}.`)
  throw new Refused(answer.status, json)
}

async function fetchOrFail(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init)
  } catch (cause) {
    throw new Unreachable("The shop cannot be reached.", { cause })
  }
}

async function jsonOf(answer: Response): Promise<Record<string, unknown>> {
  try {
    return (await answer.json()) as Record<string, unknown>
  } catch (cause) {
    throw new Unreachable(`The shop answered ${answer.status} and no JSON.`, { cause })
  }
}
