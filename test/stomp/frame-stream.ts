// Streams of STOMP frames, made of a seed: good ones, and good ones with something broken. However a stream is cut, a reader must say the
// same of it, hold no more than its bounds, and throw nothing but errors of the protocol.
import type { Code } from "../../wire/codes.ts"
import { LabaError } from "../../wire/error.ts"
import { escapeHeader } from "../../src/protocols/stomp/escapes.ts"
import { FrameReader } from "../../src/protocols/stomp/frame-reader.ts"
import { type StompVersion, stompVersions } from "../../src/protocols/stomp/version.ts"
import { bytesOf, mutate } from "../fuzz/mutation.ts"
import { Random } from "../fuzz/random.ts"

const bounds = { headerBytesMax: 512, headersPerFrameMax: 12, messageBytesMax: 400 }

/** A frame that was read, or the code it ended with. */
type Outcome = string

const words: readonly string[] = [
  ..."CONNECT STOMP SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT MESSAGE ERROR".split(
    " ",
  ),
  "content-length:5\n",
  "content-length:99999999999\n",
  "receipt:1\n",
  "\n\n",
  "\0",
  "\r\n",
  "\\c",
  "\\t",
  "\\",
  ":",
  "日本",
  "x".repeat(600),
  "a:b\n".repeat(20),
]

const texts = [
  "",
  "a",
  "/topic/x",
  "a:b",
  "two\nlines",
  "back\\slash",
  "\\n",
  "日本語",
  " padded ",
  "é".repeat(40),
  "\r",
]

/** One frame as its bytes, right in every way. */
function goodFrame(random: Random, version: StompVersion): string {
  const end = version === "1.2" && random.oneIn(3) ? "\r\n" : "\n"
  const isSend = random.oneIn(2)
  const command = isSend
    ? "SEND"
    : random.pick(["SUBSCRIBE", "UNSUBSCRIBE", "ACK", "BEGIN", "COMMIT", "DISCONNECT"])
  const body = isSend ? Buffer.from(random.bytes(random.below(300))).toString("latin1") : ""
  const headers = Array.from({ length: random.below(6) }, () => {
    const value = Buffer.from(escapeHeader(random.pick(texts), version)).toString("latin1")
    return `h${random.below(4)}:${value}${end}`
  })
  if (body.includes("\0") || random.oneIn(2)) headers.push(`content-length:${body.length}${end}`)
  return `${command}${end}${headers.join("")}${end}${body}\0${"\n".repeat(random.below(3))}`
}

interface FrameStream {
  readonly version: StompVersion
  readonly bytes: Uint8Array
  /** Nothing in it is broken. */
  readonly frames: number | null
}

export function makeStream(seed: number, input: number): FrameStream {
  const random = Random.of(seed, "stomp-frames", input)
  const version = random.pick(stompVersions)
  const frames = 1 + random.below(4)
  const bytes = bytesOf(Array.from({ length: frames }, () => goodFrame(random, version)).join(""))
  if (random.oneIn(4)) return { version, bytes, frames }
  return { version, bytes: mutate(random, bytes, { corpus: [bytes], words }), frames: null }
}

/** What a reader says of a stream that comes in these pieces. Throws where it breaks a promise. */
function readPieces(version: StompVersion, { pieces, bytesMax }: Cut): readonly Outcome[] {
  const reader = new FrameReader(bounds)
  reader.version = version
  const outcomes: Outcome[] = []
  const heldMax = bounds.headerBytesMax + bounds.messageBytesMax + bytesMax
  for (const piece of pieces) {
    reader.push(piece)
    try {
      for (let frame = reader.next(); frame; frame = reader.next())
        outcomes.push(
          JSON.stringify([frame.command, [...frame.headers], Buffer.from(frame.body).toString("latin1")]),
        )
    } catch (error) {
      outcomes.push(codeOf(error))
      return outcomes
    }
    if (reader.heldBytes > heldMax) throw new Error(`holds ${reader.heldBytes} bytes`)
  }
  return outcomes
}

const expected: readonly Code[] = ["bad_frame", "bad_utf8", "too_large"]

function codeOf(error: unknown): Outcome {
  if (error instanceof LabaError && expected.includes(error.code)) return error.code
  throw error
}

/** Why a stream breaks a promise; null when it does not. */
export function faultIn({ version, bytes, frames }: FrameStream, cuts: Random): string | null {
  try {
    const whole = readPieces(version, { name: "whole", pieces: [bytes], bytesMax: bytes.length })
    if (frames !== null && (whole.length !== frames || whole.some((one) => !one.startsWith("["))))
      return `a good stream of ${frames} frames is read as ${JSON.stringify(whole)}`
    for (const cut of [inBytes(bytes), inPieces(bytes, cuts)]) {
      const said = readPieces(version, cut)
      if (said.join("\n") !== whole.join("\n"))
        return `whole ${JSON.stringify(whole)}, ${cut.name} ${JSON.stringify(said)}`
    }
    return null
  } catch (error) {
    return String(error)
  }
}

/** Pieces are cut as they are asked for: most broken streams are refused long before their end. */
interface Cut {
  readonly name: string
  readonly pieces: Iterable<Uint8Array>
  /** Of the longest. */
  readonly bytesMax: number
}

const inBytes = (bytes: Uint8Array): Cut => ({
  name: "byte by byte",
  pieces: cutAt(bytes, () => 1),
  bytesMax: 1,
})

const inPieces = (bytes: Uint8Array, random: Random): Cut => ({
  name: "in pieces",
  pieces: cutAt(bytes, () => 1 + random.below(64)),
  bytesMax: 64,
})

function* cutAt(bytes: Uint8Array, sizeOfNext: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const size = sizeOfNext()
    yield bytes.subarray(at, at + size)
    at += size
  }
}
