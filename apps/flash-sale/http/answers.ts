// Answers of the HTTP API: JSON, and problems (RFC 9457) with a code that does not change.
import { type Refusal, refusals } from "../model/refusal.ts"

const json = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" } as const

const problemType = "application/problem+json; charset=utf-8"

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
    headers: { ...json, "Content-Type": problemType, ...more.headers },
  })
}

/** By seconds of `Retry-After`, and without it: there are a few hundred at most. */
const refusalHeaders = new Map<number | undefined, Headers>()

function headersOf(retryAfterSeconds: number | undefined): Headers {
  let headers = refusalHeaders.get(retryAfterSeconds)
  if (!headers) {
    headers = new Headers({ ...json, "Content-Type": problemType })
    if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds))
    if (refusalHeaders.size < refusalHeadersMax) refusalHeaders.set(retryAfterSeconds, headers)
  }
  return headers
}

/** A sale that opens in a month would otherwise keep a header for each second until then. */
const refusalHeadersMax = 512

/** A refusal, with `Retry-After` where waiting helps. */
export function refusalAnswer({ refused, retryAfterSeconds, number }: Refusal, ticket?: unknown): Response {
  const { status, title: detail, next } = refusals[refused]
  // What is undefined is not in the JSON.
  const body = { type: "about:blank", status, code: refused, detail, next, retryAfterSeconds, number, ticket }
  return new Response(JSON.stringify(body), { status, headers: headersOf(retryAfterSeconds) })
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
