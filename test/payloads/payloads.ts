// Payloads that are easily bent on their way, as data: JSON that parsing and printing changes, text that looks like something else,
// bytes of every kind.

export interface TestPayload {
  readonly name: string
  readonly kind: "json" | "text" | "bytes"
  readonly type: string
  /** What is published: text of JSON and text, or bytes. */
  readonly data: string | Uint8Array
}

const json = (name: string, data: string): TestPayload => ({
  name,
  kind: "json",
  type: "application/json",
  data,
})
const text = (name: string, data: string): TestPayload => ({ name, kind: "text", type: "text/plain", data })
const bytes = (name: string, data: Uint8Array): TestPayload => ({
  name,
  kind: "bytes",
  type: "application/octet-stream",
  data,
})

/** The longest that a message may be. */
const longest = 64 * 1024

export const testPayloads: readonly TestPayload[] = [
  json("a number beyond a double's digits", '{"order":9007199254740993,"n":-123456789012345678901234567890}'),
  json("trailing zeros and exponents", '{"price":10.00,"rate":1E+2,"tiny":0.000000100,"zero":-0,"e":1e-0}'),
  json("a number beyond a double", "[1e400,-1e400,1e-400]"),
  json("names that are doubled", '{"a":1,"a":2,"b":{"c":1,"c":1}}'),
  json(
    "names in no order, and some that mean something",
    '{"2":0,"1":0,"__proto__":{"x":1},"data":1,"ref":2,"base64":true}',
  ),
  json(
    "escapes that need not be, and half of a surrogate pair as one",
    String.raw`"\u0041\/\ud800\u00e9\b\"\\\u0000"`,
  ),
  json("white space between its tokens", '{ "a" :\t[ 1 , 2 ] , "b": { } }'),
  json("line breaks between its tokens", '{\r\n  "a": [\n1,\r2],\n\n"b": "\\r\\n" }'),
  json("what event streams and scripts break lines at", '"\u2028\u2029\u0085\u007f\ufeff"'),
  json("any script", '{"喇叭":"📢 héllo","\u202e":1}'),
  json("values as deep as they may be", `${"[".repeat(128)}${"]".repeat(128)}`),
  json("a lone number", "1.0"),
  json("as long as it may be", `["${"喇".repeat(20_000)}",${"0.10,".repeat(1000)}1]`),
  text("nothing", ""),
  text("a byte order mark first", "\ufeffmark"),
  text("NUL and other controls", "a\u0000b\u0001\u001b[31m\u007f"),
  text("line breaks of every kind", "a\r\nb\rc\n\nd\n"),
  text("blanks around it", "  \t both ends \t "),
  text("what looks like an event stream", "id: 7\ndata: x\n\nevent: reset\n: comment"),
  text("what looks like a frame", '{"op":"message","data":1.0}\\u0041"'),
  text("JSON that is not called so", '{"order":9007199254740993}'),
  text("any script", "喇叭 📢 héllo \u2028 e\u0301 \u202e"),
  text("what looks like a form", "data=1&data=%41+%zz"),
  text("as long as it may be", "x".repeat(longest)),
  bytes("no bytes", new Uint8Array()),
  bytes(
    "every byte",
    Uint8Array.from({ length: 256 }, (_, index) => index),
  ),
  bytes("bytes that are text", new TextEncoder().encode("\ufefftext\r\n")),
  bytes(
    "as many as there may be",
    Uint8Array.from({ length: longest }, (_, index) => (index * 7919) % 251),
  ),
]

/** Its bytes on the wire. */
export const bytesOf = (data: string | Uint8Array): Uint8Array =>
  typeof data === "string" ? new TextEncoder().encode(data) : data
