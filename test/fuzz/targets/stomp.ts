// A server spoken to in broken STOMP, over a WebSocket. An input is the stream that follows CONNECT, cut into messages where a line says so.
import { exchange, statusesIn } from "../exchange.ts"
import { bytesOf } from "../mutation.ts"
import type { Random } from "../random.ts"
import { framesIn } from "../../support/websocket-frames.ts"
import type { ServerTarget } from "../target.ts"
import { placed, serverFault, stillOpen } from "./http.ts"

const connects = [
  "CONNECT\naccept-version:1.2\n\n\0",
  "CONNECT\naccept-version:1.1\nheart-beat:0,0\n\n\0",
  "CONNECT\n\n\0",
  "STOMP\naccept-version:1.2,1.0\npasscode:\n\n\0",
]

const frames = [
  "SUBSCRIBE\nid:0\ndestination:@CHANNEL@\n\n\0",
  "SUBSCRIBE\nid:1\ndestination:@CHANNEL@\nack:client\nprefetch-count:1\nreceipt:r\n\n\0",
  "SUBSCRIBE\nid:2\ndestination:@CHANNEL@\nack:client-individual\nafter:\n\n\0",
  "SUBSCRIBE\nid:3\ndestination:/user/queue/x\n\n\0",
  "SEND\ndestination:@CHANNEL@\nx\\cy:z\\\\\n\nhello\0",
  "SEND\ndestination:@CHANNEL@\ncontent-length:3\ncontent-type:application/json\n\n[1]\0",
  "SEND\ndestination:/user/a%2Fb/queue/x\nreceipt:s\n\nx\0",
  "SEND\ndestination:@CHANNEL@\ntransaction:t\n\nx\0",
  "BEGIN\ntransaction:t\n\n\0",
  "COMMIT\ntransaction:t\n\n\0",
  "ABORT\ntransaction:t\n\n\0",
  "ACK\nid:1-x\n\n\0",
  "NACK\nid:1-x\nmessage-id:x\nsubscription:1\n\n\0",
  "UNSUBSCRIBE\nid:0\n\n\0",
  "DISCONNECT\nreceipt:bye\n\n\0",
  "\n\r\n",
]

const makeStream = (random: Random): string =>
  random.pick(connects) + Array.from({ length: 1 + random.below(8) }, () => random.pick(frames)).join("")

/** A message of a WebSocket as a client sends it, masked with zeros; text or bytes. */
function message(payload: Uint8Array, isText: boolean): Uint8Array {
  const head = Buffer.alloc(8)
  head[0] = isText ? 0x81 : 0x82
  head[1] = 0x80 | 126
  head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

/** The stream in messages of a size that follows from it alone, so that it is cut the same again. */
function messagesOf(stream: Uint8Array): Uint8Array {
  const size = 1 + ((stream.length * 7919) % 5000)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < stream.length && pieces.length < 200; at += size) {
    const piece = stream.subarray(at, at + size)
    pieces.push(message(piece, stream.length % 2 === 0 && piece.every((byte) => byte < 0x80)))
  }
  return Buffer.concat(pieces)
}

const handshake =
  "GET /_/stomp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

export const stomp: ServerTarget = {
  kind: "server",
  name: "stomp",
  words: [
    ...frames,
    ...connects,
    "\0",
    "\n\n",
    "\r\n",
    ":",
    "\\c",
    "\\t",
    "content-length:99999\n",
    "receipt:x\n",
    "after:a-1\n",
    "destination:/a/*\n",
    "@CHANNEL@",
    "x".repeat(20_000),
    "a:b\n".repeat(200),
  ],
  reshape(random, _input, plain) {
    return random.oneIn(3) ? plain() : bytesOf(makeStream(random))
  },
  async send(victim, input) {
    const { answer, closed } = await exchange(victim.base, bytesOf(handshake), {
      then: messagesOf(placed(input, victim.freshChannel())),
    })
    if (!closed) return stillOpen
    const [status = 0] = statusesIn(answer)
    return status === 101 ? faultIn(bytesOf(answer)) : serverFault([status])
  },
}

/** What no client may hear, whatever it said: that we failed, or that one frame ends within another. */
function faultIn(answer: Uint8Array): string | null {
  for (const { opcode, payload } of framesIn(answer)) {
    const text = Buffer.from(payload).toString("latin1")
    if (opcode === 8 && text.includes("internal")) return "it was closed with `internal`"
    if (opcode !== 1 && opcode !== 2) continue
    if (text.startsWith("ERROR\n") && text.includes("\ncode:internal\n"))
      return "it was answered with `internal`"
    if (!/^(?:\n|(?:CONNECTED|RECEIPT|MESSAGE|ERROR)\n[^]*\0)$/.test(text))
      return `it was answered with what is no frame: ${JSON.stringify(text.slice(0, 200))}`
  }
  return null
}
