// Texts made of messages: an `id:`, a connection, the data of a template with more than one piece.
import type { MessageValues } from "./message-values.ts"
import { parseTemplate, type Piece } from "./template.ts"

export class TextTemplate {
  readonly text: string
  readonly pieces: readonly Piece[]

  /** Throws `TemplateError`. */
  constructor(text: string, fields: readonly string[]) {
    this.text = text
    this.pieces = parseTemplate(text, fields)
  }

  /** Throws `MessageFault` where a value is missing. */
  fill(values: MessageValues): string {
    return this.pieces.map((piece) => (typeof piece === "string" ? piece : values.needed(piece))).join("")
  }
}
