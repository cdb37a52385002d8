// Answers of the HTTP API: JSON, and problems (RFC 9457) with a code that does not change.
import { type Refusal, refusals } from "../model/refusal.ts"

const json = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" } as const

/** Made once: a `Response` copies them in a third of the time that it takes to read an object. */
const jsonHeaders = new Headers(json)

export const answer = (body: unknown, status = 200, headers?: Record<string, string>): Response =>
  new Response(JSON.stringify(body), { status, headers: headers ? { ...json, ...headers } : jsonHeaders })

export function problem(
  status: number,
  code: string,
  detail: string,
  more: {
    readonly headers?: Record<string, string>
    readonly members?: Readonly<Record<string, unknown>>
  } = {},
): Response {
  return new Response(JSON.stringify({ type: "about:blank", status, code, detail, ...more.members }), {
    status,
    headers: { ...json, "Content-Type": "application/problem+json; charset=utf-8", ...more.headers },
  })
}

/** A refusal, with `Retry-After` where waiting helps. */
export function refusalAnswer({ refused, retryAfterSeconds, number }: Refusal, ticket?: unknown): Response {
  const { status, title, next } = refusals[refused]
  return problem(status, refused, title, {
    headers: retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) },
    members: {
      next,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      ...(number !== undefined && { number }),
      ...(ticket !== undefined && { ticket }),
    },
  })
}

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
