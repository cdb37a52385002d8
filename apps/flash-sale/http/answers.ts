// Answers of the HTTP API: JSON, and problems (RFC 9457) with a code that does not change.
import { Problem } from "../../kit/http/problem.ts"
import { type Refusal, refusals } from "../model/wire/refusal.ts"

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

/** An answer before it is a response, so that it can cross to another thread. */
export interface Reply {
  readonly status: number
  readonly isProblem: boolean
  readonly retryAfterSeconds: number | undefined
  /** JSON. */
  readonly text: string
}

export const replyOf = (body: unknown, status: number): Reply => ({
  status,
  isProblem: false,
  retryAfterSeconds: undefined,
  text: JSON.stringify(body),
})

/** A refusal, with `Retry-After` where waiting helps. */
export function refusalOf(refusal: Refusal, ticket?: unknown): Reply {
  const { refused, retryAfterSeconds, number, items } = refusal
  const { status, title: detail, next } = refusals[refused]
  const facts = { retryAfterSeconds, number, items, ticket }
  // What is undefined is not in the JSON.
  const body = { type: "about:blank", status, code: refused, detail, next, ...facts }
  return { status, isProblem: true, retryAfterSeconds, text: JSON.stringify(body) }
}

export const problemOf = ({ status, code, message: detail }: Problem): Reply => ({
  status,
  isProblem: true,
  retryAfterSeconds: undefined,
  text: JSON.stringify({ type: "about:blank", status, code, detail }),
})

/** For who comes before the shop is ready. */
export const starting = (): Reply => ({
  status: 503,
  isProblem: true,
  retryAfterSeconds: 1,
  text: JSON.stringify({
    type: "about:blank",
    status: 503,
    code: "starting",
    detail: "The shop is starting.",
  }),
})

export const responseOf = ({ status, isProblem, retryAfterSeconds, text }: Reply): Response =>
  new Response(text, { status, headers: isProblem ? headersOf(retryAfterSeconds) : jsonHeaders })

export { Problem }

/** For who comes under a name that leads here and is not ours. */
export const otherHost = (): Response =>
  problem(
    403,
    "other_host",
    "This is not one of our names; --public-url says under which others we are reached.",
  )

/** What an endpoint threw that is no problem of the caller's. */
export const failed = (): Problem => new Problem(500, "internal", "The shop failed; its log says more.")
