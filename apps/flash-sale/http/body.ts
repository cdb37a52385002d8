// The body of a request to the API: a JSON object, or nothing. What is too long is refused before it is read, or as soon
// as that is known.
import { Problem } from "./answers.ts"

/** What is read of a body at the most. */
const requestBytesMax = 65_536

/** A body longer than that is no request of ours. */
const bodyCharsMax = 16_384

/**
 * Up to so many bytes a body that is too long is answered with words; then the server hangs up. It costs no memory, since such a
 * body is not read.
 */
export const answeredBytesMax = 1_073_741_824

const tooLarge = (): Problem =>
  new Problem(413, "too_large", `The body is too large: ${bodyCharsMax} characters are read at the most.`)

/** Throws a problem for a body that is too large. */
export async function textOf(request: Request): Promise<string> {
  const text = saysItsLength(request) ? await request.text() : new TextDecoder().decode(await gather(request))
  if (text.length > bodyCharsMax) throw tooLarge()
  return text
}

/** A body to be passed on; null when there is none. Throws a problem for one that is too large. */
export async function bytesOf(request: Request): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!hasBody(request)) return null
  return saysItsLength(request) ? request.bytes() : gather(request)
}

/** Throws a problem for a body that is too large, or no JSON object. */
export async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await textOf(request)
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

/** Whether a body's length is known, and not too much. Throws a problem when it is. */
function saysItsLength({ headers }: Request): boolean {
  const length = headers.get("content-length")
  if (length !== null && Number(length) > requestBytesMax) throw tooLarge()
  return length !== null
}

/** What comes in chunks, as long as it is not too much. */
async function gather({ body }: Request): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = body?.getReader()
  while (reader) {
    const { value, done } = await reader.read()
    if (done) break
    length += value.byteLength
    if (length > requestBytesMax) {
      await reader.cancel()
      throw tooLarge()
    }
    parts.push(value)
  }
  return new Uint8Array(Buffer.concat(parts))
}
