// Answers: JSON, and problems (RFC 9457) with a code that does not change.

type Headers = Readonly<Record<string, string>>

const json = {
  "Content-Type": "application/json; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
} as const

export const answer = (body: unknown, status = 200, headers: Headers = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { ...json, ...headers } })

/** Thrown by an endpoint to answer with a problem. */
export class Problem extends Error {
  override readonly name = "Problem"
  readonly status: number
  readonly code: string
  readonly headers: Headers

  constructor(status: number, code: string, detail: string, headers: Headers = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export const problemResponse = ({ status, code, message, headers }: Problem): Response =>
  answer({ type: "about:blank", status, code, detail: message }, status, {
    "Content-Type": "application/problem+json; charset=utf-8",
    ...headers,
  })
