// Answers of the HTTP API: JSON, and problems (RFC 9457).

const json = {
  "Content-Type": "application/json; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
} as const

export const answer = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: json })

export const problem = (status: number, code: string, detail: string): Response =>
  new Response(JSON.stringify({ type: "about:blank", status, code, detail }), {
    status,
    headers: { ...json, "Content-Type": "application/problem+json; charset=utf-8" },
  })

/** Thrown by an endpoint to answer with a problem. */
export class Problem extends Error {
  override readonly name = "Problem"
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}
