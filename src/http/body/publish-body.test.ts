import { describe, expect, test } from "bun:test"
import { defaultLimits, type Limits } from "../../../wire/limits.ts"
import { readPublishBody } from "./publish-body.ts"

const limits: Limits = { ...defaultLimits, messageBytesMax: 100 }

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

type Body = string | Uint8Array<ArrayBuffer>

/** A request as an HTTP server hands it over: with the length of its body, unless it came in chunks. */
function requestOf(type: string | null, body: Body, more: Record<string, string> = {}): Request {
  const bytes = typeof body === "string" ? encode(body) : body
  const headers = new Headers({ "Content-Length": String(bytes.length), ...more })
  if (type !== null) headers.set("Content-Type", type)
  return new Request("http://localhost/c", { method: "POST", headers, body: bytes })
}

const read = (type: string | null, body: Body, more?: Record<string, string>) =>
  readPublishBody(requestOf(type, body, more), limits)

const refusal = async (reading: Promise<unknown>): Promise<string> => {
  try {
    await reading
  } catch (error) {
    return (error as { code: string }).code
  }
  return "accepted"
}

const form = "application/x-www-form-urlencoded"
const multipart = "multipart/form-data; boundary=X"
const field = 'Content-Disposition: form-data; name="data"'
const formOf = (...parts: string[]): string =>
  `${parts.map((part) => `--X\r\n${part}\r\n`).join("")}--X--\r\n`

describe("a URL-encoded form", () => {
  const cases: Record<string, string> = {
    "data=hello": "hello",
    "data=": "",
    data: "",
    "data=a+b%20c%2Bd": "a b c+d",
    "data=a=b=c": "a=b=c",
    "data=h%C3%A9": "hé",
    "data=hé": "hé",
    "d%61ta=x": "x",
    "&&other=%41&data=x&": "x",
    "data=%EF%BB%BFx": "\ufeffx",
    "data=line%0D%0Aline%00": "line\r\nline\u0000",
    "Data=no&data=yes": "yes",
  }
  for (const [body, data] of Object.entries(cases)) {
    test(`[P2] ${body} publishes ${JSON.stringify(data)}`, async () => {
      expect(await read(form, body)).toEqual({ type: "text/plain", data, bytes: encode(data).length })
    })
  }

  test("[P2] without the field `data` is refused", async () => {
    for (const body of ["", "datum=x", "x", '{"a":1}', "=data", "&"])
      expect(await refusal(read(form, body))).toBe("missing_data")
  })

  test("with the field twice is refused", async () => {
    expect(await refusal(read(form, "data=a&data=a"))).toBe("bad_body")
  })

  test("with a broken escape anywhere is refused", async () => {
    for (const body of ["data=%zz", "data=%4", "data=%", "data=a&b=%g1", "%xx=1&data=a"]) {
      expect(await refusal(read(form, body))).toBe("bad_body")
    }
  })

  test("[P3] with a field that is not UTF-8 is refused", async () => {
    for (const escape of ["%ff", "%c0%af", "%ed%a0%80", "%e5%96", "%f4%90%80%80"]) {
      expect(await refusal(read(form, `data=${escape}`))).toBe("bad_utf8")
    }
    expect(await refusal(read(form, Uint8Array.from([...encode("data="), 0xff])))).toBe("bad_utf8")
  })

  test("in another charset is refused", async () => {
    expect(await refusal(read(`${form}; charset=iso-8859-1`, "data=a"))).toBe("unsupported_type")
    expect(await refusal(read(`${form}; charset=UTF-8`, "data=a"))).toBe("accepted")
  })

  test("[P5] is measured by its payload, not by its escapes", async () => {
    expect((await read(form, `data=${"%41".repeat(100)}`)).bytes).toBe(100)
    expect(await refusal(read(form, `data=${"%41".repeat(101)}`))).toBe("too_large")
    expect(await refusal(read(form, `data=a&b=${"x".repeat(400)}`))).toBe("too_large")
  })
})

describe("a multipart form", () => {
  test("[P2] publishes its field as text", async () => {
    const body = formOf(
      'Content-Disposition: form-data; name="other"\r\n\r\nx',
      `${field}\r\n\r\nh\u00e9\r\nllo`,
    )
    expect(await read(multipart, body)).toEqual({ type: "text/plain", data: "h\u00e9\r\nllo", bytes: 8 })
  })

  test("publishes a file with its own type and bytes", async () => {
    const body = formOf(`${field}; filename="a.html"\r\nContent-Type: Image/PNG; x=y\r\n\r\n\u0000\u0001`)
    expect(await read(multipart, body)).toEqual({ type: "image/png", data: Uint8Array.of(0, 1), bytes: 2 })
  })

  test("holds a file to the type it declares", async () => {
    const file = (type: string, content: string): string =>
      formOf(`${field}; filename=a\r\nContent-Type: ${type}\r\n\r\n${content}`)
    expect(await read(multipart, file("application/json", "[1 ]"))).toEqual({
      type: "application/json",
      data: "[1 ]",
      bytes: 4,
    })
    expect(await refusal(read(multipart, file("application/json", "[")))).toBe("bad_json")
    expect(await refusal(read(multipart, file("text/plain; charset=latin1", "a")))).toBe("unsupported_type")
    expect(await refusal(read(multipart, file("nonsense", "a")))).toBe("unsupported_type")
  })

  test("takes a file without a type for what its bytes are", async () => {
    const file = `${field}; filename="a"\r\n\r\n`
    expect(await read(multipart, formOf(`${file}text`))).toEqual({
      type: "text/plain",
      data: "text",
      bytes: 4,
    })
    const bytes = encode(formOf(`${file}#`)).map((byte) => (byte === 0x23 ? 0xff : byte))
    expect(await read(multipart, bytes)).toEqual({
      type: "application/octet-stream",
      data: Uint8Array.of(0xff),
      bytes: 1,
    })
  })

  test("[P3] with a field that is not UTF-8 is refused", async () => {
    const bytes = encode(formOf(`${field}\r\n\r\n#`)).map((byte) => (byte === 0x23 ? 0xff : byte))
    expect(await refusal(read(multipart, bytes))).toBe("bad_utf8")
  })

  test("as a browser's FormData writes it is read", async () => {
    const data = new FormData()
    data.set("data", new Blob([Uint8Array.of(1, 2, 3)], { type: "application/x-thing" }), 'na"me.bin')
    const request = new Request("http://localhost/c", { method: "POST", body: data })
    expect(await readPublishBody(request, limits)).toEqual({
      type: "application/x-thing",
      data: Uint8Array.of(1, 2, 3),
      bytes: 3,
    })
  })

  test("[P2] without the field `data` is refused", async () => {
    expect(await refusal(read(multipart, "--X--\r\n"))).toBe("missing_data")
    expect(
      await refusal(read(multipart, formOf('Content-Disposition: form-data; name="Data"\r\n\r\nx'))),
    ).toBe("missing_data")
  })

  test("with the field twice is refused", async () => {
    expect(await refusal(read(multipart, formOf(`${field}\r\n\r\na`, `${field}\r\n\r\na`)))).toBe("bad_body")
  })

  const broken: Record<string, [type: string, body: string]> = {
    "has no boundary": ["multipart/form-data", formOf(`${field}\r\n\r\na`)],
    "has an impossible boundary": ['multipart/form-data; boundary="é"', formOf(`${field}\r\n\r\na`)],
    "has another boundary": ["multipart/form-data; boundary=Y", formOf(`${field}\r\n\r\na`)],
    "is empty": [multipart, ""],
    "is cut before its end": [multipart, `--X\r\n${field}\r\n\r\na`],
    "has no last boundary": [multipart, `--X\r\n${field}\r\n\r\na\r\n--X\r\n`],
    "has a part without an empty line": [multipart, formOf(field)],
    "has a part without headers": [multipart, formOf("\r\na")],
    "has a part without a disposition": [multipart, formOf("Content-Type: text/plain\r\n\r\na")],
    "has a part without a name": [multipart, formOf("Content-Disposition: form-data\r\n\r\na")],
    "has a part that is no form's": [
      multipart,
      formOf("Content-Disposition: attachment; name=data\r\n\r\na"),
    ],
    "has a header without a colon": [multipart, formOf(`${field}\r\nnonsense\r\n\r\na`)],
    "has a part in base64": [multipart, formOf(`${field}\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==`)],
    "has only line feeds": [multipart, formOf(`${field}\r\n\r\na`).replaceAll("\r", "")],
  }
  for (const [what, [type, body]] of Object.entries(broken)) {
    test(`that ${what} is refused`, async () => {
      expect(await refusal(read(type, body))).toBe("bad_body")
    })
  }

  test("may have text around it, spaces after a boundary, and data that begins like the boundary", async () => {
    const body = `before\r\n--X \t\r\n${field}\r\n\r\na\r\n--Xb\r\n--\r\n--X--after`
    expect((await read(multipart, body)).data).toBe("a\r\n--Xb\r\n--")
  })

  test("may have an empty field", async () => {
    expect((await read(multipart, formOf(`${field}\r\n\r\n`))).data).toBe("")
    expect((await read(multipart, `--X\r\n${field}\r\n\r\n--X--`)).data).toBe("")
  })

  test("[P5] is measured by its payload, and refused unread when its frame is larger than forms have", async () => {
    expect((await read(multipart, formOf(`${field}\r\n\r\n${"a".repeat(100)}`))).bytes).toBe(100)
    expect(await refusal(read(multipart, formOf(`${field}\r\n\r\n${"a".repeat(101)}`)))).toBe("too_large")
    expect(await refusal(read(multipart, formOf(`${field}\r\n\r\na`) + "x".repeat(4200)))).toBe("too_large")
  })
})

describe("a raw body", () => {
  test("[P3] of text is a string as it was sent, a byte order mark included", async () => {
    expect(await read("Text/Plain; charset=UTF-8", "\ufeffhé\r\n")).toEqual({
      type: "text/plain",
      data: "\ufeffhé\r\n",
      bytes: 8,
    })
    expect((await read("image/svg+xml", "<svg/>")).data).toBe("<svg/>")
    expect((await read("text/csv; charset=us-ascii", "a,b")).data).toBe("a,b")
  })

  test("[P3] of text that is not UTF-8 is refused", async () => {
    expect(await refusal(read("text/plain", Uint8Array.of(0x61, 0xff)))).toBe("bad_utf8")
    expect(await refusal(read("application/json", Uint8Array.of(0x22, 0xff, 0x22)))).toBe("bad_utf8")
  })

  test("in another charset is refused when it is text", async () => {
    for (const type of ["text/plain", "application/xml", "application/json"]) {
      expect(await refusal(read(`${type}; charset="iso-8859-1"`, "1"))).toBe("unsupported_type")
    }
    expect(await refusal(read("image/png; charset=iso-8859-1", "1"))).toBe("accepted")
  })

  test("[P3] of JSON is kept to the letter", async () => {
    const text = ' {"n": 1e400,\n"big": 12345678901234567890, "a": 1, "a": 2} '
    expect(await read("application/problem+json", text)).toEqual({
      type: "application/problem+json",
      data: text,
      bytes: text.length,
    })
  })

  test("[P3] that is declared as JSON and is not is refused", async () => {
    for (const text of ["", "{", "{'a':1}", "undefined", "\ufeff1", "1 2", "[".repeat(100)]) {
      expect(await refusal(read("application/json", text))).toBe("bad_json")
    }
  })

  test("[P3] of anything else is bytes", async () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i * 5)
    expect(await read("application/octet-stream", bytes)).toEqual({
      type: "application/octet-stream",
      data: bytes,
      bytes: 100,
    })
    expect(await read("application/octet-stream", "text")).toEqual({
      type: "application/octet-stream",
      data: encode("text"),
      bytes: 4,
    })
  })

  test("without a content type is text when it is UTF-8, and bytes otherwise", async () => {
    expect(await read(null, "hé")).toEqual({ type: "text/plain", data: "hé", bytes: 3 })
    expect(await read(null, Uint8Array.of(0xff))).toEqual({
      type: "application/octet-stream",
      data: Uint8Array.of(0xff),
      bytes: 1,
    })
    expect((await read("", "a")).type).toBe("text/plain")
  })

  test("that is empty is an empty message", async () => {
    expect(await read(null, "")).toEqual({ type: "text/plain", data: "", bytes: 0 })
    expect(await read("image/png", "")).toEqual({ type: "image/png", data: new Uint8Array(), bytes: 0 })
    const bodyless = new Request("http://localhost/c", { method: "POST" })
    expect((await readPublishBody(bodyless, limits)).data).toBe("")
  })

  test("of a malformed content type is refused", async () => {
    for (const type of ["text", "text/plain, text/html", "text/plain; charset", `text/${"x".repeat(200)}`]) {
      expect(await refusal(read(type, "a"))).toBe("unsupported_type")
    }
  })

  test("that is packed is refused", async () => {
    for (const encoding of ["gzip", "br", "identity, gzip"]) {
      expect(await refusal(read("text/plain", "a", { "Content-Encoding": encoding }))).toBe(
        "unsupported_type",
      )
    }
    expect(await refusal(read("text/plain", "a", { "Content-Encoding": "Identity" }))).toBe("accepted")
  })

  test("[P5] may have as many bytes as the limit and not one more", async () => {
    expect((await read("text/plain", "é".repeat(50))).bytes).toBe(100)
    expect(await refusal(read("text/plain", "é".repeat(50) + "a"))).toBe("too_large")
  })
})

describe("a body that does not say how long it is", () => {
  const chunked = (body: ReadableStream<Uint8Array>): Request =>
    new Request("http://localhost/c", { method: "POST", headers: { "Content-Type": "text/plain" }, body })

  const streamOf = (chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    })

  test("is read to its end", async () => {
    const request = chunked(streamOf(["ab", "", "c".repeat(98)].map(encode)))
    expect(await readPublishBody(request, limits)).toEqual({
      type: "text/plain",
      data: `ab${"c".repeat(98)}`,
      bytes: 100,
    })
  })

  test("grows in one buffer however it drips", async () => {
    const drops = Array.from({ length: 9000 }, () => encode("x"))
    const { bytes } = await readPublishBody(chunked(streamOf(drops)), {
      ...limits,
      messageBytesMax: 9000,
    })
    expect(bytes).toBe(9000)
  })

  test("[P5] is refused at the first byte too many, and not read further", async () => {
    let pulled = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(encode("x".repeat(40)))
      },
      cancel() {
        cancelled = true
      },
    })
    expect(await refusal(readPublishBody(chunked(endless), limits))).toBe("too_large")
    expect(pulled).toBeLessThan(6)
    expect(cancelled).toBe(true)
  })

  test("and breaks off is refused", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(encode("half"))
        controller.error(new Error("cut"))
      },
    })
    expect(await refusal(readPublishBody(chunked(broken), limits))).toBe("bad_body")
  })
})

test("[P5] a body that announces too much is refused unread", async () => {
  const request = requestOf("text/plain", "short", { "Content-Length": "101" })
  expect(await refusal(readPublishBody(request, limits))).toBe("too_large")
  expect(request.bodyUsed).toBe(false)
})
