// Reads a body into memory, never more of it than a bound. Knows nothing of what is in it.
import { LabaError } from "../../../wire/error.ts"

/** What is read of a request; a standard `Request` is one. */
export type BodySource = Pick<Request, "headers" | "body" | "bytes">

/**
 * All bytes of a body, at most `bytesMax`. A body that announces more is refused unread; one that announces nothing is
 * counted as it comes. Throws `too_large`, and `bad_body` when the body breaks off.
 */
export async function readBytes(
  source: BodySource,
  bytesMax: number,
  tooLargeDetail = `A body here has at most ${bytesMax} bytes.`,
): Promise<Uint8Array> {
  const tooLarge = (): LabaError => new LabaError("too_large", tooLargeDetail)
  const announced = announcedBytes(source.headers)
  if (announced !== null && announced > bytesMax) throw tooLarge()
  try {
    // `body` is not even looked at when the length is known: that alone makes a stream, at ten times the cost of `bytes()`.
    const bytes = announced === null ? await readBounded(source.body, bytesMax) : await source.bytes()
    if (bytes && bytes.length <= bytesMax) return bytes
  } catch (cause) {
    throw new LabaError("bad_body", "The body broke off before its end.", { cause })
  }
  throw tooLarge()
}

function announcedBytes(headers: Headers): number | null {
  const header = headers.get("content-length")
  return header !== null && /^\d+$/.test(header) ? Number(header) : null
}

/**
 * Reads a body of unknown length; null when it is longer. Copies into one buffer that doubles: a list of chunks that drip one by
 * one would cost a hundred times its bytes.
 */
async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array | null> {
  if (!body) return new Uint8Array()
  const reader = body.getReader()
  let buffer = new Uint8Array(Math.min(4096, bytesMax))
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return buffer.subarray(0, length)
    const needed = length + value.length
    if (needed > bytesMax) {
      // Not awaited: a source that never settles its cancellation must not hold the answer.
      reader.cancel().catch(() => {})
      return null
    }
    if (needed > buffer.length) {
      const larger = new Uint8Array(Math.min(bytesMax, Math.max(buffer.length * 2, needed)))
      larger.set(buffer)
      buffer = larger
    }
    buffer.set(value, length)
    length = needed
  }
}
