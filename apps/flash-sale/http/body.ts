// The body of a request to the API: a JSON object, or nothing.
import { Problem } from "./answers.ts"

/** What the server reads at the most, before anybody looks at it. */
export const requestBytesMax = 65_536

/** A body longer than that is no request of ours. */
export const bodyCharsMax = 16_384

/** Throws a problem for a body that is too large, or no JSON object. */
export async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text.length > bodyCharsMax) throw new Problem(413, "too_large", "The body is too large.")
  if (text === "") return {}
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === "object" && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>
  } catch {
    // It is told below.
  }
  throw new Problem(400, "bad_body", "The body is a JSON object.")
}

/** Whether a request has a body at all: asking for it would make a stream. */
export function hasBody({ headers }: Request): boolean {
  const length = headers.get("content-length")
  return length === null ? headers.has("transfer-encoding") : length !== "0"
}
