// Reads a JSON body and checks it against a schema, so that no endpoint looks at anything unchecked.
import { z } from "zod"
import type { Code } from "../../../../wire/codes.ts"
import { isJsonType } from "../../../../wire/content-type.ts"
import { LabaError } from "../../../../wire/error.ts"
import { parseEnvelope } from "../../../../wire/json-envelope.ts"
import { BadJson } from "../../../../wire/json-scan.ts"
import { readBytes } from "../../body/body-bytes.ts"
import { decodeUtf8, readContentType } from "../../body/payload.ts"

/** All messages of one request together. To parse them holds the loop for about 20 ms. */
const bodyBytesMax = 4 * 1024 * 1024

/** What reading a JSON body may throw. */
export const jsonErrors = [
  "too_large",
  "unsupported_type",
  "bad_utf8",
  "bad_json",
  "bad_body",
] as const satisfies readonly Code[]

/** Throws `too_large`, `unsupported_type`, `bad_utf8`, `bad_json` and `bad_body`, the last with the place of the first mistake. */
export const readJson = <Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> => read(request, schema, null)

/** The same for messages to be published: what is named `data` is a payload, and stays the text that was sent (`JsonText`). */
export const readMessages = <Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> => read(request, schema, "data")

async function read<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  carried: string | null,
): Promise<z.output<Schema>> {
  const contentType = readContentType(request.headers.get("content-type"))
  if (contentType && !isJsonType(contentType.type)) {
    throw new LabaError("unsupported_type", `The body here is application/json, not ${contentType.type}.`)
  }
  const text = decodeUtf8(await readBytes(request, bodyBytesMax))
  if (text === null) throw new LabaError("bad_utf8", "JSON is UTF-8, and this is not.")
  const parsed = schema.safeParse(parse(text, carried))
  if (parsed.success) return parsed.data
  throw new LabaError("bad_body", describe(parsed.error))
}

function parse(text: string, carried: string | null): unknown {
  try {
    return parseEnvelope(text, carried)
  } catch (cause) {
    if (cause instanceof BadJson)
      throw new LabaError("bad_json", `The body must be JSON; this ${cause.message}.`, { cause })
    throw cause
  }
}

/** The first mistake: what it is and where, never what was given. */
function describe({ issues: [issue] }: z.ZodError): string {
  if (!issue) return "The body is not what is expected here."
  const place = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("")
  const message =
    issue.code === "unrecognized_keys"
      ? `unknown key ${JSON.stringify(issue.keys[0])}`
      : issue.code === "invalid_type" && issue.message.endsWith("received undefined")
        ? "it is missing"
        : issue.message
  return `In the body${place === "" ? "" : `, at ${place.replace(/^\./, "").slice(0, 200)}`}: ${message.slice(0, 200)}.`
}
