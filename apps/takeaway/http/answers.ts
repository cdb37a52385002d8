// Answers of the desk: JSON, and problems (RFC 9457) with a code that does not change.

const json = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" } as const

export const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { ...json, ...headers } })

/** Thrown by an endpoint to answer with a problem. */
export class Problem extends Error {
  override readonly name = "Problem"
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export const problem = ({ status, code, message, headers }: Problem): Response =>
  new Response(JSON.stringify({ type: "about:blank", status, code, detail: message }), {
    status,
    headers: { ...json, "Content-Type": "application/problem+json; charset=utf-8", ...headers },
  })

/** The body as JSON. Throws a `Problem` when it is none. */
export async function bodyOf(request: Request | Response): Promise<unknown> {
  const text = await request.text()
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Problem(400, "not_json", "The body is not JSON.")
  }
}
