// Frames of laba.v1 as text: read or refused, the same when read again, and a publish's payload is what it says.
import { type Command, decodeFrame } from "../../../src/protocols/laba/commands.ts"
import { readJsonPayload } from "../../../src/protocols/json-payload.ts"
import { messageJson } from "../../../src/protocols/message-json.ts"
import type { Channel } from "../../../src/channels/channel.ts"
import { isCanonicalType, isJsonType } from "../../../wire/content-type.ts"
import type { ParserTarget } from "../target.ts"
import { agree, hold, orRefusal, utf8 } from "./agree.ts"

/** As a client would have written it: what is JSON text already stands as it is. */
const written = (command: Command): string =>
  `{${Object.entries(command)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `"${name}":${name === "ref" || name === "data" ? value : JSON.stringify(value)}`)
    .join(",")}}`

export const frame: ParserTarget = {
  kind: "parser",
  name: "frame",
  words: [
    '"op"',
    '"subscribe"',
    '"unsubscribe"',
    '"publish"',
    '"presence"',
    '"token"',
    '"ping"',
    '"ref"',
    '"channel"',
    '"after"',
    '"data"',
    '"type"',
    '"base64"',
    '"key"',
    ":",
    ",",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "false",
    "1e999",
    "-0",
    '""',
    '"__proto__"',
    '"constructor"',
    '"\\ud800"',
    '"\\u0000"',
    '"AA=="',
    '"text/plain"',
    '"application/json"',
    '"/c"',
  ],
  check(input) {
    const read = orRefusal(() => decodeFrame(utf8(input)))
    if (!read) return
    agree("a frame read again", decodeFrame(written(read)), read)
    if (read.op !== "publish") return
    const payload = orRefusal(() => readJsonPayload(read, "bad_frame"))
    if (!payload) return
    hold("a payload's type is canonical", isCanonicalType(payload.type))
    const message = {
      channel: "/c" as Channel,
      epoch: "e",
      offset: 1,
      id: "i",
      time: 0,
      type: payload.type,
      data: payload.data,
      bytes: payload.bytes,
    }
    const sealed = JSON.parse(messageJson(message)) as { data: unknown }
    hold("a sealed message is one line", !/[\r\n]/.test(messageJson(message)))
    if (isJsonType(payload.type)) {
      agree("JSON that comes out", payload.data, read.data)
      agree("JSON in a message", sealed.data, JSON.parse(read.data))
    }
  },
  work: { bytesMax: 128 * 1024, run: (input) => decodeFrame(utf8(input)) },
}
