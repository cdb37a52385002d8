// Why a transport ended or was refused, read from what only HTTP and WebSockets say: statuses, headers, close codes.
import { type Code, retryOfClose } from "../../wire/codes.ts"
import type { ResponseLike } from "../environment.ts"
import { makeReason, networkReason, type Reason, reasonOf } from "../reason.ts"

/** The close reason is the code's word. Where it is missing the band of the number decides. */
export const reasonOfClose = (close: number, word: string): Reason =>
  makeReason((word || "network") as Code, retryOfClose(close), `The socket closed with ${close}.`)

/**
 * Reads problem+json. Only 401 and 403 from Laba itself keep the client away for good: a proxy on the way answers 4xx too,
 * and what one transport cannot do another may.
 */
export async function reasonOfRefusal(
  response: Pick<ResponseLike, "status" | "headers" | "text">,
): Promise<Reason> {
  const { status } = response
  const problem = parseProblem(await response.text().catch(() => ""))
  if (!problem) return networkReason(`The answer was ${status}.`)
  const { code, retry } = problem
  const isBarred = status === 401 || status === 403
  const seconds = Number(response.headers.get("retry-after"))
  return {
    ...problem,
    retry: code === "gone" ? "at-once" : retry === "stay-away" && !isBarred ? "back-off" : retry,
    ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
  }
}

function parseProblem(body: string): Reason | null {
  try {
    const problem = JSON.parse(body)
    return typeof problem.code === "string" && typeof problem.retry === "string" ? reasonOf(problem) : null
  } catch {
    return null
  }
}
