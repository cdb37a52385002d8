// Reads the body of a publish: a form's field `data`, or the raw body by its content type.
// Refuses what is too large before it is in memory, and what is not what it says it is.
import type { ContentType } from "../../../wire/content-type.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Payload } from "../../engines/engine.ts"
import { checkSize } from "../../hub/drafts.ts"
import { type BodySource, readBytes } from "./body-bytes.ts"
import { isBoundary, readParts } from "./multipart.ts"
import { payloadFromBytes, readContentType, refuseForeignCharset } from "./payload.ts"
import { readFields } from "./urlencoded.ts"

/** What a URL-encoded form may need beyond its payload, of which each byte may be an escape of three. */
const urlencodedExtraBytes = 64
/** What a multipart form may need beyond its payload: boundaries, headers, small fields beside `data`. */
const multipartExtraBytes = 4096

/**
 * Reads what is to be published. An empty raw body is an empty message; a form must have its field. Throws `too_large`,
 * `unsupported_type`, `bad_body`, `bad_utf8`, `bad_json` and `missing_data`.
 */
export async function readPublishBody(request: BodySource, limits: Limits): Promise<Payload> {
  refuseEncoding(request.headers.get("content-encoding"))
  const contentType = readContentType(request.headers.get("content-type"))
  const tooLarge = `A message has at most ${limits.messageBytesMax} bytes.`
  const bytes = await readBytes(request, bodyBytesMax(contentType, limits), tooLarge)
  const payload = readPayload(contentType, bytes)
  checkSize(payload, limits)
  return payload
}

const urlencodedType = "application/x-www-form-urlencoded"
const multipartType = "multipart/form-data"

function bodyBytesMax(contentType: ContentType | null, { messageBytesMax }: Limits): number {
  if (contentType?.type === urlencodedType) return messageBytesMax * 3 + urlencodedExtraBytes
  if (contentType?.type === multipartType) return messageBytesMax + multipartExtraBytes
  return messageBytesMax
}

function readPayload(contentType: ContentType | null, bytes: Uint8Array): Payload {
  if (contentType?.type === urlencodedType) return urlencodedPayload(contentType, bytes)
  if (contentType?.type === multipartType) return multipartPayload(contentType, bytes)
  return payloadFromBytes(contentType, bytes)
}

const plainText: ContentType = { type: "text/plain", parameters: new Map() }

function urlencodedPayload(contentType: ContentType, bytes: Uint8Array): Payload {
  refuseForeignCharset(contentType)
  const fields = readFields(bytes, ["data"])
  if (!fields) throw new LabaError("bad_body", "The form has a `%` without two hexadecimal digits.")
  return payloadFromBytes(plainText, only(fields).value)
}

/** A part that is a file, or says what it is, is that; a plain field is text. */
function multipartPayload({ parameters }: ContentType, bytes: Uint8Array): Payload {
  const boundary = parameters.get("boundary")
  if (boundary === undefined || !isBoundary(boundary)) {
    throw new LabaError("bad_body", "The multipart form's Content-Type has no boundary, or a malformed one.")
  }
  const part = only(readParts(bytes, boundary).filter(({ name }) => name === "data"))
  const contentType = readContentType(part.contentType)
  return payloadFromBytes(contentType ?? (part.file ? null : plainText), part.bytes)
}

function only<Field>(fields: readonly Field[]): Field {
  const [field] = fields
  if (field === undefined) {
    throw new LabaError(
      "missing_data",
      "A form publishes its field `data`, and this one has none. To publish a raw body, send it with its own Content-Type, such as text/plain.",
    )
  }
  if (fields.length > 1) throw new LabaError("bad_body", "The form has its field `data` more than once.")
  return field
}

function refuseEncoding(encoding: string | null): void {
  if (encoding === null || encoding === "" || encoding.toLowerCase() === "identity") return
  throw new LabaError("unsupported_type", "Send the body without Content-Encoding; nothing is unpacked here.")
}
