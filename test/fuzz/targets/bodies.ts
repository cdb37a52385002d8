// What a request carries: content types, queries, forms and bodies.
import { accepts } from "../../../src/http/accept.ts"
import { isBoundary, readParts } from "../../../src/http/body/multipart.ts"
import { readPublishBody } from "../../../src/http/body/publish-body.ts"
import { parseListenQuery } from "../../../src/http/listen-query.ts"
import { readFields } from "../../../src/http/body/urlencoded.ts"
import { isCanonicalType, isJsonType, isTextType, parseContentType } from "../../../wire/content-type.ts"
import { defaultLimits } from "../../../wire/limits.ts"
import type { ParserTarget } from "../target.ts"
import { agree, hold, isLabaError, latin1, orRefusal, utf8 } from "./agree.ts"

export const contentType: ParserTarget = {
  kind: "parser",
  name: "content-type",
  words: [
    "/",
    ";",
    "=",
    '"',
    "\\",
    "charset",
    "utf-8",
    "boundary",
    "text/plain",
    "application/json",
    "+json",
    "multipart/form-data",
    "*",
    "q=0",
    ", ",
    "\t",
  ],
  check(input) {
    const text = latin1(input)
    accepts(text, "text/event-stream")
    accepts(text, "application/json")
    const found = parseContentType(text)
    if (!found) return
    hold(`${found.type} is canonical`, isCanonicalType(found.type))
    hold("no type is text and JSON at once", !(isTextType(found.type) && isJsonType(found.type)))
    agree("a type read again", parseContentType(found.type)?.type, found.type)
  },
  work: {
    // A header is smaller; one of a form's part may be as long as a message.
    bytesMax: 64 * 1024,
    run: (input) => [parseContentType(latin1(input)), accepts(latin1(input), "text/event-stream")],
  },
}

export const query: ParserTarget = {
  kind: "parser",
  name: "query",
  words: [
    "?",
    "&",
    "=",
    "+",
    "%",
    "%26",
    "%3d",
    "after",
    "wait",
    "channel",
    "wait=25",
    "1e3",
    "0x1",
    "NaN",
    "%ff",
    "%00",
    "~h~e-1.2",
    "喇",
  ],
  check(input) {
    const found = orRefusal(() => parseListenQuery(utf8(input), defaultLimits))
    if (!found) return
    hold(
      "wait is within its bounds",
      found.wait === null || (found.wait >= 0 && found.wait <= defaultLimits.pollSecondsMax),
    )
    const again = new URLSearchParams(found.channels.map((name) => ["channel", name]))
    if (found.after !== null) again.set("after", found.after)
    if (found.wait !== null && !String(found.wait).includes("e")) again.set("wait", String(found.wait))
    const written = again.toString()
    if (written.length > defaultLimits.queryBytesMax || again.get("wait") === null) return
    agree("a query read again", parseListenQuery(written, defaultLimits), found)
  },
  work: {
    bytesMax: defaultLimits.queryBytesMax,
    run: (input) => parseListenQuery(utf8(input), defaultLimits),
  },
}

export const form: ParserTarget = {
  kind: "parser",
  name: "form",
  words: ["data", "data=", "&", "=", "+", "%", "%zz", "%64ata", "%00", "%ff", "&data=", "x=1"],
  check(input) {
    const fields = readFields(input, ["data"])
    if (!fields) return
    for (const { name, value } of fields) {
      agree("a field's name", name, "data")
      const written = new TextEncoder().encode(
        `data=${[...value].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
      )
      agree("a field read again", readFields(written, ["data"])?.[0]?.value, value)
    }
  },
  work: { bytesMax: 192 * 1024, run: (input) => readFields(input, ["data"]) },
}

/** The boundary is in the first line, the form behind it. */
function formIn(input: Uint8Array): { boundary: string; bytes: Uint8Array } {
  const end = input.indexOf(10)
  return { boundary: latin1(input.subarray(0, Math.max(end, 0))), bytes: input.subarray(end + 1) }
}

export const multipart: ParserTarget = {
  kind: "parser",
  name: "multipart",
  words: [
    "--X",
    "--X--",
    "\r\n--X\r\n",
    "\r\n\r\n",
    "\r\n",
    'Content-Disposition: form-data; name="data"',
    "Content-Type: ",
    "; filename=",
    '\\"',
    "name=",
    "data",
    "Content-Transfer-Encoding: base64",
    ":",
    "X\n",
  ],
  check(input) {
    const { boundary, bytes } = formIn(input)
    if (!isBoundary(boundary)) return
    const parts = orRefusal(() => readParts(bytes, boundary)) ?? []
    let total = 0
    for (const part of parts) {
      total += part.bytes.length
      hold(
        "a part lies within the form",
        part.bytes.buffer === bytes.buffer && part.bytes.byteOffset >= bytes.byteOffset,
      )
      hold("no part holds a delimiter's line", !latin1(part.bytes).includes(`\r\n--${boundary}\r\n`))
    }
    hold("parts together are no more than the form", total <= bytes.length)
  },
  work: {
    bytesMax: 64 * 1024,
    run: (input) => readParts(formIn(input).bytes, formIn(input).boundary || "X"),
  },
}

const limits = { ...defaultLimits, messageBytesMax: 4096 }

/** A body as it is published: its Content-Type is in the first line. */
export const body: ParserTarget = {
  kind: "parser",
  name: "body",
  words: [
    ...contentType.words,
    ...form.words,
    "{",
    "}",
    '"a":1',
    "[",
    "null",
    "1e999",
    "\\ud800",
    "application/x-www-form-urlencoded\n",
    "\xef\xbb\xbf",
  ],
  async check(input) {
    const end = input.indexOf(10)
    const type = latin1(input.subarray(0, Math.max(end, 0))).replaceAll(/[^\t -~\x80-\xff]/g, "")
    const bytes = Uint8Array.from(input.subarray(end + 1))
    const request = new Request("http://localhost/c", {
      method: "POST",
      headers: { "Content-Type": type, "Content-Length": String(bytes.length) },
      body: bytes,
    })
    const payload = await readPublishBody(request, limits).catch((error: unknown) => {
      if (isLabaError(error)) return null
      throw error
    })
    if (!payload) return
    const data = typeof payload.data === "string" ? new TextEncoder().encode(payload.data) : payload.data
    agree("the bytes of a payload", payload.bytes, data.length)
    hold("a payload is within its bound", payload.bytes <= limits.messageBytesMax)
    hold("a payload's type is canonical", isCanonicalType(payload.type))
    hold(
      "text is a string, the rest are bytes",
      (typeof payload.data === "string") === (isTextType(payload.type) || isJsonType(payload.type)),
    )
    if (isJsonType(payload.type)) JSON.parse(payload.data as string)
  },
}
