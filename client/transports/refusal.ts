// Why a transport ended or was refused, read from what only HTTP and WebSockets say: statuses, headers, close codes.
import { type Code, type Retry, retryOfClose } from "../../wire/codes.ts"
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
  const { status, headers } = response
  try {
    const problem = JSON.parse(await response.text())
    const { code, retry } = problem
    if (typeof code === "string" && typeof retry === "string") {
      const isBarred = status === 401 || status === 403
      const seconds = Number(headers.get("retry-after"))
      return {
        ...reasonOf(problem),
        retry:
          code === "gone" ? "at-once" : retry === "stay-away" && !isBarred ? "back-off" : (retry as Retry),
        ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
      }
    }
  } catch {
    // No JSON: something else answered.
  }
  return networkReason(`The answer was ${status}.`)
}
