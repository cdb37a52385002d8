// Reads frames from a stream of bytes, however it is cut: a frame in many pieces, many frames in one. What is wrong is known as soon as the
// bytes that make it wrong are there, so nobody can make it wait for, or keep, more than its bounds. Knows the grammar, not what a frame does.
import { LabaError } from "../../../wire/error.ts"
import type { LimitName } from "../../../wire/limits.ts"
import { unescapeHeader } from "./escapes.ts"
import {
  type ClientCommand,
  type ClientFrame,
  isClientCommand,
  isConnect,
  type StompHeaders,
} from "./frame.ts"
import type { StompVersion } from "./version.ts"

/** The longest line that can still be a command: `UNSUBSCRIBE` and a carriage return. What speaks another protocol is known by it. */
const commandBytesMax = 12

/** The longest `content-length`, in digits. */
const lengthPattern = /^\d{1,10}$/

/** What is not worth copying, however little of it is still to be read. */
const smallBufferBytes = 4096

interface FrameBounds {
  /** Of command and headers together. */
  readonly headerBytesMax: number
  readonly headersPerFrameMax: number
  /** Of a body. */
  readonly messageBytesMax: number
}

/** The part of a frame that was read so far. */
interface Head {
  readonly command: ClientCommand
  readonly headers: Map<string, string>
  /** Lines of headers, repeated ones too. */
  lines: number
  /** The blank line has come. */
  isWhole: boolean
  /** The announced length of the body; null: it goes up to the NUL. */
  bodyBytes: number | null
}

const lf = 10
const cr = 13
const nul = 0
const colon = 58

const empty = Buffer.alloc(0)

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export class FrameReader {
  /** Agreed on; null until then, when only CONNECT and STOMP are taken. Set by whoever handles CONNECT, before the next frame is asked for. */
  version: StompVersion | null = null
  private readonly bounds: FrameBounds
  /** What came and is not read yet lies from `start` to `end`; up to `looked` it was looked through. */
  private buffer: Buffer = empty
  private start = 0
  private end = 0
  private looked = 0
  private head: Head | null = null
  private headBytes = 0

  constructor(bounds: FrameBounds) {
    this.bounds = bounds
  }

  /** The receipt that the frame at hand asks for, as far as it is known: an error says which frame it is about. */
  get receipt(): string | undefined {
    return this.head?.headers.get("receipt")
  }

  /** Bytes that are held for a frame that has not come whole. */
  get heldBytes(): number {
    return this.end - this.start
  }

  /** The memory that is kept for them. */
  get bufferBytes(): number {
    return this.buffer.length
  }

  push(message: string | Uint8Array): void {
    const bytes = Buffer.from(message as Uint8Array)
    if (this.start === this.end) {
      this.buffer = bytes
      this.start = 0
      this.looked = 0
      this.end = bytes.length
      return
    }
    this.makeRoom(bytes.length)
    this.buffer.set(bytes, this.end)
    this.end += bytes.length
  }

  /** The next whole frame, or null until more has come. Throws `bad_frame`, `bad_utf8` and `too_large`; the stream is of no use then. */
  next(): ClientFrame | null {
    const head = this.readHead()
    if (!head) return this.pause()
    const body = this.readBody(head)
    if (!body) return this.pause()
    this.head = null
    this.headBytes = 0
    return { command: head.command, headers: head.headers, body }
  }

  private readHead(): Head | null {
    if (!this.head) this.skipLineEnds()
    while (!this.head?.isWhole) {
      const line = this.readLine()
      if (line === null) return null
      if (!this.head)
        this.head = {
          command: this.commandIn(line),
          headers: new Map(),
          lines: 0,
          isWhole: false,
          bodyBytes: null,
        }
      else if (line.length > 0) this.readHeader(line, this.head)
      else {
        this.head.bodyBytes = this.bodyBytesOf(this.head)
        this.head.isWhole = true
      }
    }
    return this.head
  }

  /** Between frames a line end is a heart-beat. */
  private skipLineEnds(): void {
    const { buffer, end } = this
    while (this.start < end) {
      const byte = buffer[this.start]
      if (byte === lf) this.start++
      else if (byte === cr && buffer[this.start + 1] === lf && this.start + 1 < end) this.start += 2
      else break
    }
    this.looked = this.start
  }

  /** A line without its end, or null until that has come. */
  private readLine(): Buffer | null {
    const { buffer, end } = this
    let at = this.looked
    while (at < end && buffer[at] !== lf && buffer[at] !== nul) at++
    this.looked = at
    const bytes = at - this.start
    if (!this.head && bytes > commandBytesMax) throw notACommand()
    if (this.headBytes + bytes > this.bounds.headerBytesMax)
      throw tooLarge(
        "headerBytesMax",
        `The headers of a frame have at most ${this.bounds.headerBytesMax} bytes.`,
      )
    if (at === end) return null
    if (buffer[at] === nul)
      throw new LabaError(
        "bad_frame",
        "A NUL stands where the headers were not over: a blank line ends them.",
      )
    const hasReturn = this.version !== "1.0" && this.version !== "1.1" && bytes > 0 && buffer[at - 1] === cr
    const line = buffer.subarray(this.start, hasReturn ? at - 1 : at)
    this.headBytes += bytes + 1
    this.start = at + 1
    this.looked = this.start
    return line
  }

  private commandIn(line: Buffer): ClientCommand {
    const word = line.toString("latin1")
    if (word.endsWith("\r") && isClientCommand(word.slice(0, -1)))
      throw new LabaError(
        "bad_frame",
        `A line of STOMP ${this.version} ends with a line feed alone: a carriage return before it is of 1.2.`,
      )
    if (!isClientCommand(word)) throw notACommand()
    if (isConnect(word) !== (this.version === null))
      throw new LabaError(
        "bad_frame",
        this.version === null
          ? "The first frame is CONNECT or STOMP."
          : "This connection is open already: CONNECT comes once.",
      )
    return word
  }

  private readHeader(line: Buffer, head: Head): void {
    head.lines++
    if (head.lines > this.bounds.headersPerFrameMax)
      throw tooLarge("headersPerFrameMax", `A frame has at most ${this.bounds.headersPerFrameMax} headers.`)
    const at = line.indexOf(colon)
    if (at <= 0) throw new LabaError("bad_frame", "A header is a name, a colon and a value.")
    const name = this.decode(line.subarray(0, at), head)
    // Of repeated headers the first counts, and the others are not kept.
    if (!head.headers.has(name)) head.headers.set(name, this.decode(line.subarray(at + 1), head))
    else this.decode(line.subarray(at + 1), head)
  }

  private decode(bytes: Buffer, { command }: Head): string {
    let text: string
    try {
      text = utf8.decode(bytes)
    } catch {
      throw new LabaError("bad_utf8", "The headers of a frame are UTF-8.")
    }
    if (this.version === null || isConnect(command)) return text
    // Clients of 1.0 pad and trim (1.2, "Value Encoding"); the later versions forbid it.
    return this.version === "1.0" ? text.trim() : unescapeHeader(text, this.version)
  }

  private readBody(head: Head): Uint8Array | null {
    const { buffer, start, end } = this
    const length = head.bodyBytes ?? this.findNul(head)
    if (length === null || start + length >= end) return null
    if (buffer[start + length] !== nul)
      throw new LabaError("bad_frame", "`content-length` is wrong: no NUL stands behind so many bytes.")
    const body = Uint8Array.prototype.slice.call(buffer, start, start + length)
    this.start = start + length + 1
    this.looked = this.start
    return body
  }

  /** Where the body ends that did not say how long it is; null until that has come. */
  private findNul(head: Head): number | null {
    const found = this.buffer.subarray(this.looked, this.end).indexOf(nul)
    const length = (found < 0 ? this.end : this.looked + found) - this.start
    this.checkBody(head, length)
    if (found >= 0) return length
    this.looked = this.end
    return null
  }

  /** How long the body is, as far as the headers say. */
  private bodyBytesOf(head: Head): number | null {
    const said = lengthIn(head.headers)
    if (said !== null) this.checkBody(head, said)
    return said
  }

  private checkBody({ command }: Head, length: number): void {
    if (length === 0) return
    // "The body of the SUBSCRIBE command is ignored" (1.0, "SUBSCRIBE").
    const mayHaveBody = command === "SEND" || (command === "SUBSCRIBE" && this.version === "1.0")
    if (!mayHaveBody)
      throw new LabaError("bad_frame", `${command} has no body: a NUL follows its blank line.`)
    const { messageBytesMax } = this.bounds
    if (length > messageBytesMax)
      throw tooLarge("messageBytesMax", `A message has at most ${messageBytesMax} bytes.`)
  }

  /** Keeps nothing of what was read: not for the sake of a byte behind it, either. */
  private pause(): null {
    const held = this.end - this.start
    if (held === 0) {
      this.buffer = empty
      this.start = this.end = this.looked = 0
    } else if (held * 4 < this.buffer.length && this.buffer.length > smallBufferBytes) {
      this.buffer = Buffer.from(this.buffer.subarray(this.start, this.end))
      this.looked -= this.start
      this.start = 0
      this.end = held
    }
    return null
  }

  private makeRoom(bytes: number): void {
    const held = this.end - this.start
    if (this.end + bytes <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(held + bytes, held * 2))
    this.buffer.copy(grown, 0, this.start, this.end)
    this.buffer = grown
    this.looked -= this.start
    this.start = 0
    this.end = held
  }
}

function lengthIn(headers: StompHeaders): number | null {
  const said = headers.get("content-length")
  if (said === undefined) return null
  if (lengthPattern.test(said.trim())) return Number(said)
  throw new LabaError("bad_frame", "`content-length` is a whole number of bytes.")
}

const notACommand = (): LabaError =>
  new LabaError(
    "bad_frame",
    "A frame begins with one of the commands of STOMP, in capitals, on a line of its own.",
  )

const tooLarge = (limit: LimitName, detail: string): LabaError =>
  new LabaError("too_large", detail, { limit })
