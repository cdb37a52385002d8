// What clients say in laba.v1, as commands. A frame is passed over once: what is not needed to know what it asks is left as the
// text that it is, so that nobody can have more work made than they send.
import { LabaError } from "../../../wire/error.ts"
import { BadJson, JsonScanner, type JsonText } from "../../../wire/json-scan.ts"
import { jsonDepthMax } from "../../../wire/limits.ts"
import type { MessageInJson } from "../json-payload.ts"

/** A client's frame as it was read (`ClientFrame` in wire/frames.ts). `ref` and `data` are the client's own text. */
export type Command =
  | {
      readonly op: "subscribe"
      readonly ref: Ref
      readonly channel: string
      readonly after: string | undefined
    }
  | { readonly op: "unsubscribe"; readonly ref: Ref; readonly channel: string }
  | PublishCommand
  | {
      readonly op: "presence"
      readonly ref: Ref
      readonly channel: string
      readonly watch: boolean | undefined
    }
  | { readonly op: "token"; readonly ref: Ref; readonly token: string }
  | { readonly op: "ping"; readonly ref: Ref }

export interface PublishCommand extends MessageInJson {
  readonly op: "publish"
  readonly ref: Ref
  readonly channel: string
  readonly key: string | undefined
}

type Ref = JsonText | undefined

/** A frame that could not be read. With a `ref` the connection can go on, since its sender learns which one it was. */
export class BadFrame extends LabaError {
  readonly ref: JsonText | undefined

  constructor(detail: string, ref?: JsonText) {
    super("bad_frame", detail)
    this.ref = ref
  }
}

/**
 * The longest frame that publishes nothing: a token with a cursor and a name are half of it. No right and no rate limit stands before a `ping`, so a
 * long one would be the cheapest way to keep a node busy.
 */
const plainFrameCharsMax = 32 * 1024

/** Reads the text of one frame. Throws `BadFrame`. */
export function decodeFrame(text: string): Command {
  try {
    const scanner = new JsonScanner(text, jsonDepthMax)
    const members = membersOf(scanner)
    scanner.end()
    const command = commandOf(members)
    if (command.op === "publish" || text.length <= plainFrameCharsMax) return command
    throw new BadFrame(`A frame \`${command.op}\` has at most ${plainFrameCharsMax} characters.`, command.ref)
  } catch (error) {
    if (error instanceof BadJson) throw new BadFrame(`A frame must be JSON; this ${error.message}.`)
    throw error
  }
}

/** Reads a frame, or an array of 1 to `framesMax` of them. Throws `bad_json` and `BadFrame`. */
export function decodeFrames(text: string, framesMax: number): Command[] {
  const found: Members[] = []
  try {
    const scanner = new JsonScanner(text, jsonDepthMax)
    const take = (): void => {
      if (found.length === framesMax) throw new BadFrame(`One request has at most ${framesMax} frames.`)
      found.push(membersOf(scanner))
    }
    if (scanner.kind === "array") scanner.items(take)
    else take()
    scanner.end()
  } catch (cause) {
    if (!(cause instanceof BadJson)) throw cause
    throw new LabaError(
      "bad_json",
      `Commands must be JSON, a frame or an array of frames; this ${cause.message}.`,
      {
        cause,
      },
    )
  }
  if (found.length === 0) throw new BadFrame("One request has at least one frame.")
  return found.map(commandOf)
}

const memberNames = [
  "op",
  "ref",
  "channel",
  "data",
  "type",
  "base64",
  "key",
  "after",
  "watch",
  "token",
] as const
type MemberName = (typeof memberNames)[number]

/** Those of a frame that mean something, as texts. */
interface Members {
  readonly texts: Partial<Record<MemberName, JsonText>>
  /** One that was there twice: which of the two is meant nobody can say. */
  readonly doubled: string | null
}

function membersOf(scanner: JsonScanner): Members {
  if (scanner.kind !== "object") {
    // What is no JSON at all is not said to be of the wrong kind.
    scanner.skip()
    throw new BadFrame("A frame is a JSON object with `op`.")
  }
  const texts: Members["texts"] = {}
  let doubled: string | null = null
  scanner.membersNamed(memberNames, (name) => {
    if (texts[name] !== undefined) doubled = name
    texts[name] = scanner.value()
  })
  return { texts, doubled }
}

function commandOf({ texts, doubled }: Members): Command {
  const ref = refOf(texts.ref)
  if (doubled !== null) throw new BadFrame(`The frame has \`${doubled}\` more than once.`, ref)
  const op = texts.op !== undefined && isString(texts.op) ? (JSON.parse(texts.op) as string) : undefined
  const frame = { texts, op, ref }
  switch (op) {
    case "subscribe":
      return { op, ref, channel: stringIn(frame, "channel"), after: optionalStringIn(frame, "after") }
    case "unsubscribe":
      return { op, ref, channel: stringIn(frame, "channel") }
    case "publish":
      return {
        op,
        ref,
        channel: stringIn(frame, "channel"),
        type: optionalStringIn(frame, "type"),
        base64: optionalBooleanIn(frame, "base64"),
        key: optionalStringIn(frame, "key"),
        data: dataIn(frame),
      }
    case "presence":
      return { op, ref, channel: stringIn(frame, "channel"), watch: optionalBooleanIn(frame, "watch") }
    case "token":
      return { op, ref, token: stringIn(frame, "token") }
    case "ping":
      return { op, ref }
    case undefined:
    default:
      throw new BadFrame("`op` must be one of subscribe, unsubscribe, publish, presence, token, ping.", ref)
  }
}

interface Frame {
  readonly texts: Members["texts"]
  readonly op: string | undefined
  readonly ref: Ref
}

const isString = (text: JsonText): boolean => text.startsWith('"')

function stringIn(frame: Frame, name: MemberName): string {
  const string = optionalStringIn(frame, name)
  if (string === undefined) throw wrongKind(frame, name, "string")
  return string
}

function optionalStringIn(frame: Frame, name: MemberName): string | undefined {
  const text = frame.texts[name]
  if (text === undefined) return undefined
  if (!isString(text)) throw wrongKind(frame, name, "string")
  return JSON.parse(text) as string
}

function optionalBooleanIn(frame: Frame, name: MemberName): boolean | undefined {
  const text = frame.texts[name]
  if (text !== undefined && text !== "true" && text !== "false") throw wrongKind(frame, name, "boolean")
  return text === undefined ? undefined : text === "true"
}

function dataIn({ texts, ref }: Frame): JsonText {
  if (texts.data === undefined) throw new BadFrame("A frame `publish` needs `data`.", ref)
  return texts.data
}

const wrongKind = ({ op, ref }: Frame, name: MemberName, kind: string): BadFrame =>
  new BadFrame(`\`${name}\` must be a ${kind} in a frame \`${op}\`.`, ref)

const refCharsMax = 64
/** Of its text: each character may be an escape of six. */
const refTextCharsMax = refCharsMax * 6 + 2

function refOf(text: JsonText | undefined): Ref {
  if (text === undefined) return undefined
  if (isString(text)) {
    if (text.length <= refTextCharsMax && (JSON.parse(text) as string).length <= refCharsMax) return text
  } else if (/^[-0-9]/.test(text) && text.length <= refCharsMax) return text
  throw new BadFrame(`\`ref\` must be a number or a string, of at most ${refCharsMax} characters.`)
}
