// Hostile bodies and queries: nothing but `LabaError` is ever thrown, what is accepted arrives as it was meant, and what
// is not what it says it is does not get in.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { accepts } from "../../src/http/accept.ts"
import { readPublishBody } from "../../src/http/body/publish-body.ts"
import { parseListenQuery, type ListenQuery } from "../../src/http/listen-query.ts"
import type { Payload } from "../../src/engines/engine.ts"
import type { Code } from "../../wire/codes.ts"
import { isCanonicalType, isJsonType, isTextType, parseContentType } from "../../wire/content-type.ts"
import { LabaError } from "../../wire/error.ts"
import { defaultLimits, type Limits } from "../../wire/limits.ts"

const runs = { numRuns: 500 }
const limits: Limits = { ...defaultLimits, messageBytesMax: 256, queryBytesMax: 512 }

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

const join = (pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const joined = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** A request in chunks, or with the length of its body. */
function requestOf(type: string, bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[] | null): Request {
  const headers: Record<string, string> = type === "" ? {} : { "Content-Type": type }
  if (cuts === null) {
    headers["Content-Length"] = String(bytes.length)
    return new Request("http://localhost/c", { method: "POST", headers, body: bytes })
  }
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  )
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const [i, edge] of edges.entries()) if (i > 0) controller.enqueue(bytes.slice(edges[i - 1], edge))
      controller.close()
    },
  })
  return new Request("http://localhost/c", { method: "POST", headers, body })
}

/** The payload, or the code of its refusal. Anything else that is thrown fails the test. */
async function read(
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
  cuts: readonly number[] | null = null,
): Promise<Payload | Code> {
  try {
    return await readPublishBody(requestOf(type, bytes, cuts), limits)
  } catch (error) {
    if (error instanceof LabaError) return error.code
    throw error
  }
}

const cuts = fc.option(fc.array(fc.nat(), { maxLength: 4 }))
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Uint8Array.from(array))

const form = "application/x-www-form-urlencoded"
const multipart = "multipart/form-data; boundary=X"
const types = [
  "",
  "text/plain",
  "text/csv; charset=utf-8",
  "application/json",
  "image/svg+xml",
  "application/octet-stream",
  "image/png",
  form,
  multipart,
]

/** Bits of bodies that mean something to a parser. */
const bit = fc.oneof(
  fc
    .constantFrom(
      "data",
      "data=",
      "&",
      "=",
      "+",
      "%",
      "%4",
      "%zz",
      "%00",
      "%ff",
      "%c0%af",
      "%ed%a0%80",
      "%E5%96%87",
      ";",
    )
    .map(encode),
  fc
    .constantFrom("--X", "--X--", "--X\r\n", "\r\n--X--\r\n", "\r\n", "\r\n\r\n", "\n", "--", "\r")
    .map(encode),
  fc
    .constantFrom(
      'Content-Disposition: form-data; name="data"',
      'Content-Disposition: form-data; name="data"; filename="a"',
      "Content-Disposition: form-data; name=data",
      "Content-Type: application/json",
      "Content-Type: nonsense",
      "Content-Transfer-Encoding: base64",
      ": x",
    )
    .map(encode),
  fc.constantFrom("{", "}", "[", '"a":1', "null", "1e999", "\ufeff", '"\\ud800"').map(encode),
  fc.uint8Array({ maxLength: 6 }).map((array) => Uint8Array.from(array)),
)

const hostileBody = fc.array(bit, { maxLength: 24 }).map(join)

const refusals: readonly Code[] = [
  "bad_body",
  "bad_utf8",
  "bad_json",
  "missing_data",
  "too_large",
  "unsupported_type",
]

test("a hostile body is refused with one of its codes, or gives a payload that is what it says", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...types),
      fc.oneof(hostileBody, bytes),
      cuts,
      async (type, body, at) => {
        const payload = await read(type, body, at)
        if (typeof payload === "string") {
          expect(refusals).toContain(payload)
          return
        }
        expect(isCanonicalType(payload.type)).toBe(true)
        expect(payload.bytes).toBeLessThanOrEqual(limits.messageBytesMax)
        const isText = isTextType(payload.type) || isJsonType(payload.type)
        expect(typeof payload.data).toBe(isText ? "string" : "object")
        const data = typeof payload.data === "string" ? encode(payload.data) : payload.data
        expect(payload.bytes).toBe(data.length)
        if (typeof payload.data === "string") expect(payload.data.isWellFormed()).toBe(true)
        if (isJsonType(payload.type)) expect(() => void JSON.parse(payload.data as string)).not.toThrow()
      },
    ),
    runs,
  )
})

test("a body means the same however it was cut on its way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...types),
      hostileBody,
      fc.array(fc.nat(), { maxLength: 6 }),
      async (type, body, at) => {
        expect(await read(type, body, at)).toEqual(await read(type, body))
      },
    ),
    runs,
  )
})

const text = fc.string({ unit: "binary", maxLength: 60 }).map((value) => value.toWellFormed())

test("[P2] what URLSearchParams writes is read as it was meant", async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.string({ maxLength: 5 }),
      fc.string({ maxLength: 5 }),
      async (data, name, value) => {
        fc.pre(name !== "data")
        const fields = new URLSearchParams([
          [name.toWellFormed(), value.toWellFormed()],
          ["data", data],
        ])
        expect(await read(form, encode(fields.toString()))).toEqual({
          type: "text/plain",
          data,
          bytes: encode(data).length,
        })
      },
    ),
    runs,
  )
})

test("[P2] what FormData writes is read as it was meant, fields and files", async () => {
  await fc.assert(
    fc.asyncProperty(text, bytes, fc.string({ maxLength: 10 }), async (data, content, fileName) => {
      // A form's own line ends are CR LF, into which FormData turns all others (HTML, 4.10.21.8).
      const field = new FormData()
      field.set("other", "x")
      field.set("data", data.replace(/\r\n?|\n/g, "\r\n"))
      const given = await readPublishBody(
        new Request("http://localhost/c", { method: "POST", body: field }),
        limits,
      )
      expect(given.data).toBe(data.replace(/\r\n?|\n/g, "\r\n"))

      const file = new FormData()
      file.set("data", new Blob([content], { type: "application/x-thing" }), fileName.toWellFormed())
      const request = new Request("http://localhost/c", { method: "POST", body: file })
      if (content.length > limits.messageBytesMax) {
        await expect(readPublishBody(request, limits)).rejects.toMatchObject({ code: "too_large" })
        return
      }
      const payload = await readPublishBody(request, limits)
      expect(payload).toEqual({ type: "application/x-thing", data: content, bytes: content.length })
    }),
    runs,
  )
})

test("[P3] bytes arrive as they were sent, and text that is not UTF-8 does not arrive", async () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  await fc.assert(
    fc.asyncProperty(bytes, cuts, async (content, at) => {
      fc.pre(content.length <= limits.messageBytesMax)
      const { length } = content
      expect(await read("image/png", content, at)).toEqual({
        type: "image/png",
        data: content,
        bytes: length,
      })
      let decoded: string | null
      try {
        decoded = strict.decode(content)
      } catch {
        decoded = null
      }
      const asText = decoded === null ? "bad_utf8" : { type: "text/plain", data: decoded, bytes: length }
      expect(await read("text/plain", content, at)).toEqual(asText as Payload)
    }),
    runs,
  )
})

test("[P3] JSON arrives to the letter", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json({ maxDepth: 3 }), fc.nat({ max: 4 }), async (json, indent) => {
      const spaced = JSON.stringify(JSON.parse(json), null, indent)
      fc.pre(encode(spaced).length <= limits.messageBytesMax)
      expect(await read("application/json", encode(spaced))).toMatchObject({ data: spaced })
    }),
    runs,
  )
})

/** The query, or the code of its refusal. */
function query(search: string): ListenQuery | Code {
  try {
    return parseListenQuery(search, limits)
  } catch (error) {
    if (error instanceof LabaError) return error.code
    throw error
  }
}

const hostileQuery = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "after",
        "wait",
        "channel",
        "%61fter",
        "=",
        "&",
        "+",
        "%",
        "%zz",
        "%ff",
        "%2f",
        "/a",
        "25",
        "-1",
        "1e9",
        "?",
        "#",
        "\ud800",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((bits) => `?${bits.join("")}`)

test("a hostile query is refused with one of its codes, or gives values within their bounds", () => {
  fc.assert(
    fc.property(hostileQuery, (search) => {
      const read = query(search)
      if (typeof read === "string") {
        expect(["bad_query", "query_too_long"]).toContain(read)
        return
      }
      expect(encode(search).length).toBeLessThanOrEqual(limits.queryBytesMax + 1)
      if (read.wait !== null) {
        expect(read.wait).toBeGreaterThanOrEqual(0)
        expect(read.wait).toBeLessThanOrEqual(limits.pollSecondsMax)
      }
      // Nothing was replaced in silence.
      if (!search.includes("\ufffd") && !search.toLowerCase().includes("%ef%bf%bd")) {
        expect([read.after, ...read.channels].join("")).not.toContain("\ufffd")
      }
    }),
    { numRuns: 1000 },
  )
})

test("what URLSearchParams writes into a query is read as it was meant", () => {
  fc.assert(
    fc.property(
      fc.option(text),
      fc.array(text, { maxLength: 4 }),
      fc.option(fc.nat({ max: 40 })),
      (after, channels, wait) => {
        const fields = new URLSearchParams(channels.map((channel): [string, string] => ["channel", channel]))
        if (after !== null) fields.append("after", after)
        if (wait !== null) fields.append("wait", String(wait))
        fields.append("_", "cache buster")
        const search = `?${fields.toString()}`
        fc.pre(search.length <= limits.queryBytesMax)
        expect(query(search)).toEqual({
          after,
          lastEventId: null,
          wait: wait === null ? null : Math.min(wait, 25),
          channels,
        })
      },
    ),
    runs,
  )
})

test("a hostile content type is read or refused, and what is read reads as itself again", () => {
  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "text/plain",
          ";",
          "=",
          '"',
          "\\",
          "charset=utf-8",
          " ",
          "\t",
          ",",
          "/",
          "*",
          "a=b",
          'a="b;c"',
          "\u00ff",
        ),
        fc.string({ maxLength: 4 }),
      ),
      { maxLength: 20 },
    )
    .map((bits) => bits.join(""))
  fc.assert(
    fc.property(hostile, (header) => {
      const contentType = parseContentType(header)
      if (!contentType) return
      expect(isCanonicalType(contentType.type)).toBe(true)
      expect(parseContentType(contentType.type)?.type).toBe(contentType.type)
      expect(isTextType(contentType.type) && isJsonType(contentType.type)).toBe(false)
    }),
    { numRuns: 1000 },
  )
})

test("a hostile Accept header is answered with yes or no", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("text/event-stream", ",", ";", "q=", "0", "1", "*/*", " ", '"', "Q=0."), {
        maxLength: 30,
      }),
      (bits) => {
        expect(typeof accepts(bits.join(""), "text/event-stream")).toBe("boolean")
        expect(typeof accepts(bits.join(""), "application/json")).toBe("boolean")
      },
    ),
    runs,
  )
})
