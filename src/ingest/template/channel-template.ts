// Channels' names made of messages. A value fills exactly one part of a name, spelled as users are in `/@<user>/…`, and never
// makes it another kind of name: whatever a message holds, it stays below what the template says.
import { LabaError } from "../../../wire/error.ts"
import { spelledInPart, userBytesMax } from "../../access/rules/own-channels.ts"
import type { Channel } from "../../channels/channel.ts"
import { parseChannel } from "../../channels/name.ts"
import { MessageFault } from "./message-fault.ts"
import type { MessageValues } from "./message-values.ts"
import { parseTemplate, type Piece, type Placeholder, TemplateError } from "./template.ts"

interface TemplateContext {
  readonly fields: readonly string[]
  /** What `{topic...}` is divided at; null where its kind of source has nothing. */
  readonly topicSeparator: string | null
}

const spans = (piece: Piece | undefined): piece is Placeholder =>
  typeof piece === "object" && piece.reference.of === "topic" && piece.reference.spans

export class ChannelTemplate {
  readonly text: string
  /** The pieces of each part of the name. */
  private readonly parts: readonly (readonly Piece[])[]
  private readonly separator: string
  /** The name, where no message changes it. */
  private readonly fixed: Channel | null

  /** Throws `TemplateError`. */
  constructor(text: string, { fields, topicSeparator }: TemplateContext) {
    this.text = text
    this.separator = topicSeparator ?? "/"
    const pieces = parseTemplate(text, fields)
    const first = pieces[0]
    if (typeof first !== "string" || !first.startsWith("/")) throw new TemplateError("must begin with /")
    this.parts = partsOf(pieces)
    if (this.parts.some((part) => part.length > 1 && part.some(spans)))
      throw new TemplateError("has {topic...} beside other text; it stands between slashes alone")
    if (this.parts.length === 1 && spans(this.parts[0]?.[0]))
      throw new TemplateError(
        "must have a part of its own before {topic...}, so that no topic leads elsewhere",
      )
    this.fixed = this.checked(pieces.every((piece) => typeof piece === "string"))
  }

  /** What is wrong with the name of any message is wrong with the template. Its name, where no message changes it. */
  private checked(isFixed: boolean): Channel | null {
    const sample = this.sample()
    if (sample === "/@me" || sample.startsWith("/@me/"))
      throw new TemplateError("begins with /@me, which stands for whoever asks; write /@{json.userId}")
    try {
      const name = parseChannel(sample, "body")
      return isFixed ? name : null
    } catch (error) {
      if (!(error instanceof LabaError)) throw error
      throw new TemplateError(`makes no channel's name: ${error.detail}`)
    }
  }

  private sample(): string {
    try {
      return this.nameOf(() => "x")
    } catch (error) {
      if (!(error instanceof MessageFault)) throw error
      throw new TemplateError(`makes no channel's name: ${error.message}`)
    }
  }

  /** The channel for a message. Throws `MessageFault`. */
  fill(values: MessageValues): Channel {
    if (this.fixed !== null) return this.fixed
    const name = this.nameOf((placeholder) => values.needed(placeholder))
    try {
      return parseChannel(name, "body")
    } catch (error) {
      if (!(error instanceof LabaError)) throw error
      throw new MessageFault(`It makes no channel's name. ${error.detail}`, { cause: error })
    }
  }

  private nameOf(valueOf: (placeholder: Placeholder) => string): string {
    return `/${this.parts.map((part, index) => this.partOf(part, index === 0, valueOf)).join("/")}`
  }

  private partOf(
    part: readonly Piece[],
    isFirst: boolean,
    valueOf: (placeholder: Placeholder) => string,
  ): string {
    const [only] = part
    if (spans(only)) {
      const steps = valueOf(only).split(this.separator)
      return steps.map((step) => guarded(spelledInPart(step), false, only.text)).join("/")
    }
    const isText = part.every((piece) => typeof piece === "string")
    const filled = part
      .map((piece) => (typeof piece === "string" ? piece : spelledInPart(valueOf(piece))))
      .join("")
    if (isText) return filled
    const named = part.map((piece) => (typeof piece === "string" ? piece : piece.text)).join("")
    return guarded(filled, isFirst, named, typeof only === "string" && only.startsWith("@"))
  }
}

/** Keeps a filled part from meaning what its text alone would: `.`, Laba's own `_`, somebody's own `@user`, whoever asks. */
function guarded(part: string, isFirst: boolean, named: string, isOwn = false): string {
  if (part === "") throw new MessageFault(`${named} is empty, and a part of a channel's name is not.`)
  if (part === "." || part === "..") return `%252E${part.slice(1)}`
  if (!isFirst) return part
  if (isOwn) {
    if (part === "@") throw new MessageFault(`${named} is empty, and a user is not.`)
    if (part === "@me") return "@m%2565"
    if (part.length > userBytesMax) throw new MessageFault(`${named} is longer than a user may be.`)
    return part
  }
  if (part.startsWith("@")) return `%2540${part.slice(1)}`
  return part === "_" ? "%255F" : part
}

/** Divides pieces at the slashes of their text. */
function partsOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const parts: Piece[][] = []
  for (const piece of pieces) {
    if (typeof piece !== "string") {
      parts.at(-1)?.push(piece)
      continue
    }
    for (const [index, text] of piece.split("/").entries()) {
      if (index > 0) parts.push([])
      if (text !== "") parts.at(-1)?.push(text)
    }
  }
  return parts
}
