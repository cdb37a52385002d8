// What placeholders stand for in one message. Bytes are read as UTF-8 once; JSON is passed over once.
import { BadJson, type JsonText } from "../../../wire/json-scan.ts"
import type { SourceMessage } from "../source.ts"
import type { JsonPaths } from "./json-values.ts"
import { MessageFault } from "./message-fault.ts"
import type { Placeholder } from "./template.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Text of UTF-8, or null. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** Whether bytes begin as Confluent's serializers frame them. */
export const isRegistryFramed = (bytes: Uint8Array): boolean => bytes.length >= 5 && bytes[0] === 0

interface MessageValuesOptions {
  readonly paths: JsonPaths
  readonly registryFramed: boolean
  /** Of a body, a key or a header that is read: more is at fault unread, since reading it keeps everybody else waiting. */
  readonly readBytesMax: number
}

export class MessageValues {
  private readonly message: SourceMessage
  private readonly options: MessageValuesOptions
  private json: readonly (JsonText | undefined)[] | undefined
  private text: string | undefined

  constructor(message: SourceMessage, options: MessageValuesOptions) {
    this.message = message
    this.options = options
  }

  /** The body as text. Throws `MessageFault` when there is none, or it is no UTF-8. */
  get bodyText(): string {
    if (this.text !== undefined) return this.text
    const body = this.bodyBytes
    this.text = textOf(body) ?? undefined
    if (this.text === undefined) throw new MessageFault("The body is not UTF-8.")
    return this.text
  }

  /** Throws `MessageFault` when there is none. */
  get bodyBytes(): Uint8Array {
    const { body } = this.message
    if (body === null) throw new MessageFault("There is no body: the message is a tombstone.")
    if (body.length === 0) throw new MessageFault("The body is empty.")
    this.mustBeReadable(body, "The body")
    return body
  }

  /** A JSON value's own text; undefined where there is none. Throws `MessageFault` when the body is no JSON. */
  jsonAt(path: readonly string[]): JsonText | undefined {
    const slot = this.options.paths.slotOf(path)
    // A path that no message was asked for before is found only by reading anew.
    if (this.json === undefined || this.json.length <= slot) this.json = this.readJson()
    return this.json[slot]
  }

  /**
   * The value of a placeholder as text: of JSON a string's text, and a number's, true and false as they stand. Undefined
   * where there is none. Throws `MessageFault` where there is something that is no text.
   */
  optional({ reference, text }: Placeholder): string | undefined {
    const { message } = this
    switch (reference.of) {
      case "topic":
        return message.topic
      case "key":
        return message.key === null ? undefined : this.textIn(message.key, "The key")
      case "body":
        return this.bodyText
      case "field":
        return message.fields[reference.name]
      case "header": {
        const bytes = message.headers.get(reference.name)
        return bytes && this.textIn(bytes, `The header ${JSON.stringify(reference.name)}`)
      }
      case "json": {
        const value = this.jsonAt(reference.path)
        return value === undefined || value === "null" ? undefined : scalarText(value, text)
      }
    }
  }

  /** The same where there must be one. Throws `MessageFault`. */
  needed(placeholder: Placeholder): string {
    const value = this.optional(placeholder)
    if (value === undefined) throw new MessageFault(`The message has no ${placeholder.text}.`)
    return value
  }

  private textIn(bytes: Uint8Array, what: string): string {
    this.mustBeReadable(bytes, what)
    const text = textOf(bytes)
    if (text === null) throw new MessageFault(`${what} is not UTF-8.`)
    return text
  }

  private mustBeReadable({ length }: Uint8Array, what: string): void {
    const { readBytesMax } = this.options
    if (length > readBytesMax)
      throw new MessageFault(`${what} has ${length} bytes; at most ${readBytesMax} are read.`)
  }

  private readJson(): readonly (JsonText | undefined)[] {
    const { paths, registryFramed } = this.options
    if (registryFramed && isRegistryFramed(this.bodyBytes)) throw new MessageFault(registryFault)
    try {
      return paths.read(this.bodyText)
    } catch (error) {
      if (!(error instanceof BadJson)) throw error
      throw new MessageFault(`The body is not JSON: it ${error.message}.`, { cause: error })
    }
  }
}

export const registryFault =
  "The body begins as a schema registry frames it (a zero byte and a schema's id). Laba reads no schemas: write JSON without the registry's serializer, or pass the bytes on with `type: application/octet-stream`."

function scalarText(value: JsonText, placeholder: string): string {
  const first = value.charAt(0)
  if (first === "{" || first === "[") {
    const what = first === "{" ? "an object" : "a list"
    throw new MessageFault(`${placeholder} is ${what} in this message, not a text or a number.`)
  }
  if (first !== '"') return value
  const text = value.includes("\\") ? (JSON.parse(value) as string) : value.slice(1, -1)
  if (!text.isWellFormed()) throw new MessageFault(`${placeholder} holds half of a surrogate pair.`)
  return text
}
