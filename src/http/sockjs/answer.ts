// Answers as SockJS has them. Which pages may read them the router says, as for every answer.
import { LabaError } from "../../../wire/error.ts"
import type { Code } from "../../../wire/codes.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"

export const noCache = "no-store, no-cache, no-transform, must-revalidate, max-age=0"

export const scriptType = "application/javascript; charset=UTF-8"

interface AnswerOptions {
  readonly status?: number
  readonly type?: string
  /** `Cache-Control`; null: none. */
  readonly cache: string | null
  readonly more?: Readonly<Record<string, string>>
}

export function answer(
  request: ApiRequest,
  body: string | ReadableStream | null,
  { status = 200, type, cache, more }: AnswerOptions,
): Response {
  request.answerSaysVary = true
  return new Response(body, {
    status,
    headers: {
      ...(type !== undefined && { "Content-Type": type }),
      ...(cache !== null && { "Cache-Control": cache }),
      Vary: "Origin",
      // A page may embed what it may not read: frames that come as events are a script, too.
      "X-Content-Type-Options": "nosniff",
      // Its clients ask with credentials; without an allowed origin beside it this says nothing.
      ...(request.raw.headers.has("origin") && { "Access-Control-Allow-Credentials": "true" }),
      ...more,
    },
  })
}

/** What SockJS answers to a body that is none: its own words and status, with our code beside them. */
export const badPayload = (request: ApiRequest, words: string, code: Code): Response =>
  answer(request, words, {
    status: 500,
    type: "text/plain; charset=UTF-8",
    cache: noCache,
    more: { "Laba-Code": code },
  })

export const noSession = (): LabaError =>
  new LabaError("not_found", "There is no such SockJS session, or no longer.")

/** What is below a service's path and nothing of SockJS's. */
export function noSuchAddress(_context: ApiContext, { path }: ApiRequest): never {
  throw new LabaError("not_found", `SockJS has nothing at ${path.slice(0, 100)}.`)
}
