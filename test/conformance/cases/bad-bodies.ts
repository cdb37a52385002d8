// Bodies that cannot be published.
import { type BadInput, rawRefusal, refusalOf } from "../refusal.ts"

const form = "application/x-www-form-urlencoded"
const overLimit = 64 * 1024 + 1

const posted =
  (type: string, body: BodyInit, more: Record<string, string> = {}): BadInput["send"] =>
  ({ url }) =>
    refusalOf(fetch(url, { method: "POST", body, headers: { "content-type": type, ...more } }))

const multipart = (body: string, boundary = "edge"): BadInput["send"] =>
  posted(`multipart/form-data; boundary=${boundary}`, body)

const part = (name: string, value: string): string =>
  `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

export const badBodies: readonly BadInput[] = [
  {
    name: "a form without the field `data`",
    status: 400,
    code: "missing_data",
    send: posted(form, "date=x&Data=y"),
  },
  { name: "an empty form", status: 400, code: "missing_data", send: posted(form, "") },
  {
    name: "a multipart form without the field `data`",
    status: 400,
    code: "missing_data",
    send: multipart(`${part("date", "x")}--edge--\r\n`),
  },
  { name: "a form with a bad escape", status: 400, code: "bad_body", send: posted(form, "data=%zz") },
  { name: "a form with half an escape", status: 400, code: "bad_body", send: posted(form, "data=100%") },
  { name: "a form that is not UTF-8", status: 400, code: "bad_utf8", send: posted(form, "data=%ff%fe") },
  {
    name: "a multipart form whose boundary never comes",
    status: 400,
    code: "bad_body",
    send: multipart(part("data", "x"), "other"),
  },
  {
    name: "a multipart form that is cut off",
    status: 400,
    code: "bad_body",
    send: multipart(part("data", "x")),
  },
  {
    name: "a multipart form without a boundary",
    status: 400,
    code: "bad_body",
    send: posted("multipart/form-data", "x"),
  },
  {
    name: "text that is not UTF-8",
    status: 400,
    code: "bad_utf8",
    send: posted("text/plain", Uint8Array.of(0x61, 0xff, 0xfe)),
  },
  {
    name: "text with a surrogate half",
    status: 400,
    code: "bad_utf8",
    send: posted("text/plain", Uint8Array.of(0xed, 0xa0, 0x80)),
  },
  {
    name: "JSON that is not UTF-8",
    status: 400,
    code: "bad_utf8",
    send: posted("application/json", Uint8Array.of(0x22, 0xff, 0x22)),
  },
  {
    name: "what is called JSON and is not",
    status: 400,
    code: "bad_json",
    send: posted("application/json", "{'a':1}"),
  },
  {
    name: "an empty body that is called JSON",
    status: 400,
    code: "bad_json",
    send: posted("application/json", ""),
  },
  {
    name: "a charset that is not UTF-8",
    status: 415,
    code: "unsupported_type",
    send: posted("text/plain; charset=utf-16", Uint8Array.of(0x61, 0)),
  },
  {
    name: "a compressed body",
    status: 415,
    code: "unsupported_type",
    send: posted("text/plain", Bun.gzipSync("x"), { "content-encoding": "gzip" }),
  },
  {
    name: "a message that is too large",
    status: 413,
    code: "too_large",
    send: posted("text/plain", "x".repeat(overLimit)),
  },
  {
    name: "a form field that is too large",
    status: 413,
    code: "too_large",
    send: posted(form, `data=${"x".repeat(overLimit)}`),
  },
  {
    name: "a message that says it is far too large, before it is sent",
    status: 413,
    code: "too_large",
    send: ({ base, channel }) =>
      rawRefusal(base, `POST ${channel}`, ["Content-Type: text/plain", "Content-Length: 99999999999"]),
  },
  {
    name: "a chunked message that grows too large",
    status: 413,
    code: "too_large",
    send: ({ base, channel }) =>
      rawRefusal(
        base,
        `POST ${channel}`,
        ["Content-Type: text/plain", "Transfer-Encoding: chunked"],
        `${overLimit.toString(16)}\r\n${"x".repeat(overLimit)}\r\n0\r\n\r\n`,
      ),
  },
]
