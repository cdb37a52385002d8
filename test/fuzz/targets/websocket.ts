// A server spoken to in broken WebSocket frames (RFC 6455), raw ones and laba.v1. An input is a line with the target and
// the subprotocol, then the client's bytes after the handshake.
import { exchange, statusesIn } from "../exchange.ts"
import { bytesOf } from "../mutation.ts"
import type { Random } from "../random.ts"
import { closeOf, framesIn } from "../../support/websocket-frames.ts"
import type { ServerTarget } from "../target.ts"
import { frame } from "./frames.ts"
import { placed, serverFault, stillOpen } from "./http.ts"

const heads = [
  "@CHANNEL@ -\n",
  "@CHANNEL@ laba.v1\n",
  "/_/ws laba.v1\n",
  "@CHANNEL@?after=a-1 laba.v1\n",
  "/_/ws -\n",
]
const texts = [
  '{"op":"subscribe","ref":1,"channel":"@CHANNEL@"}',
  '{"op":"unsubscribe","channel":"@CHANNEL@"}',
  '{"op":"publish","ref":"p","channel":"@CHANNEL@","data":{"a":1}}',
  '{"op":"publish","channel":"/@me/x","type":"text/plain","data":"x","key":"k"}',
  '{"op":"presence","ref":2,"channel":"@CHANNEL@"}',
  '{"op":"token","token":"a.b.c"}',
  '{"op":"ping","ref":3}',
  '{"op":"subscribe","channel":"@CHANNEL@","after":"a-1"}',
]
/** Each ends a laba.v1 connection, so they are rare. */
const badTexts = [
  "[]",
  "{",
  "hello",
  "",
  '{"op":"publish","channel":"@CHANNEL@"}',
  '{"op":"subscribe","channel":7}',
]

const closeWith = (code: number, reason = ""): string => String.fromCharCode(code >> 8, code & 255) + reason

/** Frames, of which most are well-formed. */
function makeFrames(random: Random): string {
  let text = ""
  for (let count = 1 + random.below(8); count > 0; count--) {
    const said = random.oneIn(12)
      ? random.pick(texts).repeat(1 + random.below(500))
      : random.pick(random.oneIn(12) ? badTexts : texts)
    const control = random.oneIn(4)
    const opcode = random.oneIn(12)
      ? random.below(16)
      : control
        ? random.pick([8, 9, 10])
        : random.pick([1, 1, 1, 2])
    const payload =
      opcode === 8
        ? random.pick([
            "",
            "x",
            closeWith(1000),
            closeWith(1005),
            closeWith(4999, "bye"),
            closeWith(0),
            closeWith(1000, "\xff"),
          ])
        : control
          ? said.slice(0, 140)
          : said
    const cut = random.oneIn(4) && opcode < 8 ? random.below(payload.length + 1) : payload.length
    text += frameBytes(random, { opcode, final: cut === payload.length, payload: payload.slice(0, cut) })
    if (cut === payload.length) continue
    if (random.oneIn(3)) text += frameBytes(random, { opcode: 9, final: true, payload: "between" })
    if (!random.oneIn(6))
      text += frameBytes(random, {
        opcode: random.oneIn(8) ? 1 : 0,
        final: !random.oneIn(8),
        payload: payload.slice(cut),
      })
  }
  return text
}

function frameBytes(random: Random, frame: { opcode: number; final: boolean; payload: string }): string {
  const { opcode, final, payload } = frame
  const reserved = random.oneIn(50) ? random.pick([0x40, 0x20, 0x10, 0x70]) : 0
  const said = random.oneIn(20)
    ? random.pick([0, 1, 125, 126, 127, 65_536, 2 ** 31, 2 ** 53])
    : payload.length
  const masked = !random.oneIn(60)
  const mask = random.oneIn(3) ? random.bytes(4) : new Uint8Array(4)
  const bytes = bytesOf(payload).map((byte, at) => (masked ? byte ^ (mask[at % 4] as number) : byte))
  // The shortest form of a length, or another one on purpose.
  const form = random.oneIn(15) ? random.below(3) : said < 126 ? 0 : said < 65_536 ? 1 : 2
  const length = Buffer.alloc(form === 0 ? 0 : form === 1 ? 2 : 8)
  if (form === 1) length.writeUInt16BE(said & 0xffff)
  if (form === 2) length.writeBigUInt64BE(random.oneIn(30) ? 2n ** 63n + BigInt(said) : BigInt(said))
  const short = form === 0 ? said & 0x7f : form === 1 ? 126 : 127
  const head = [(final ? 0x80 : 0) | reserved | opcode, (masked ? 0x80 : 0) | short]
  return Buffer.concat([Uint8Array.from(head), length, masked ? mask : new Uint8Array(), bytes]).toString(
    "latin1",
  )
}

export const websocket: ServerTarget = {
  kind: "server",
  name: "websocket",
  words: [
    ...frame.words,
    "@CHANNEL@",
    "\x81\x80\0\0\0\0",
    "\x88\x80\0\0\0\0",
    "\x89\x80\0\0\0\0",
    "\x01\x80\0\0\0\0",
    "\x80\x80\0\0\0\0",
    "\x81\xfe",
    "\x82\xff",
    "\0\0\0\0",
    "laba.v1",
    " -\n",
  ],
  reshape(random, _input, plain) {
    return random.oneIn(3) ? plain() : bytesOf(random.pick(heads) + makeFrames(random))
  },
  async send(victim, input) {
    const all = placed(input, victim.freshChannel())
    const lineEnd = all.indexOf(10)
    const line = Buffer.from(all.subarray(0, Math.max(lineEnd, 0))).toString("latin1")
    const [target = "/", protocol = "-"] = line.replaceAll(/[^!-~ ]/g, "").split(" ")
    const offered = protocol === "-" || protocol === "" ? "" : `Sec-WebSocket-Protocol: ${protocol}\r\n`
    const handshake = `GET ${target === "" ? "/" : target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${offered}\r\n`
    const { answer, closed } = await exchange(victim.base, bytesOf(handshake), {
      then: all.subarray(lineEnd + 1),
    })
    if (!closed) return stillOpen
    const [status = 0] = statusesIn(answer)
    return status === 101 ? faultIn(bytesOf(answer)) : serverFault([status])
  },
}

/** What no client may hear, whatever it said: that we failed, or a frame that is none. */
function faultIn(answer: Uint8Array): string | null {
  for (const { opcode, payload } of framesIn(answer)) {
    if (![1, 2, 8, 9, 10].includes(opcode)) return `it was answered with a frame of opcode ${opcode}`
    if (opcode === 8 && payload.length >= 2) {
      const { number, reason } = closeOf({ opcode, payload })
      if (number === 4104 || number === 1011 || reason === "internal")
        return `it was closed with ${number} ${reason}`
    }
    if (
      opcode === 1 &&
      Buffer.from(payload).toString("latin1").startsWith('{"op":"error"') &&
      Buffer.from(payload).includes('"code":"internal"')
    )
      return "it was answered with an error frame `internal`"
  }
  return null
}
