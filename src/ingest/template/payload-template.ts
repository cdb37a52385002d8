// What of a message is published: its body as it came, a JSON value in it as its sender wrote it, or a text made of it.
import { isJsonType, isTextType, parseContentType } from "../../../wire/content-type.ts"
import { LabaError } from "../../../wire/error.ts"
import { BadJson, checkJson } from "../../../wire/json-scan.ts"
import { jsonDepthMax } from "../../../wire/limits.ts"
import type { Payload } from "../../engines/engine.ts"
import { payloadFromBytes } from "../../http/body/payload.ts"
import type { SourceMessage } from "../source.ts"
import { MessageFault } from "./message-fault.ts"
import { isRegistryFramed, type MessageValues, registryFault, textOf } from "./message-values.ts"
import type { Placeholder } from "./template.ts"
import { TextTemplate } from "./text-template.ts"

interface PayloadTemplateOptions {
  /** Null: the body as it came. */
  readonly data: string | null
  /** The content type; null: what the message says, or looks like. */
  readonly type: string | null
  readonly fields: readonly string[]
  readonly registryFramed: boolean
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

export class PayloadTemplate {
  private readonly options: PayloadTemplateOptions
  private readonly template: TextTemplate | null
  /** The one JSON value that is published as it stands. */
  private readonly jsonValue: Placeholder | null

  /** Throws `TemplateError`. */
  constructor(options: PayloadTemplateOptions) {
    this.options = options
    const { data, fields } = options
    this.template = data === null || data === "{body}" ? null : new TextTemplate(data, fields)
    const [only, ...others] = this.template?.pieces ?? []
    const isValue = typeof only === "object" && only.reference.of === "json" && others.length === 0
    this.jsonValue = isValue ? only : null
  }

  /** Throws `MessageFault`. */
  fill(message: SourceMessage, values: MessageValues): Payload {
    try {
      if (this.jsonValue) return this.valueAsItStands(this.jsonValue, values)
      if (this.template) return textPayload(this.options.type ?? "text/plain", this.template.fill(values))
      return this.wholeBody(message, values.bodyBytes)
    } catch (error) {
      if (!(error instanceof LabaError)) throw error
      throw new MessageFault(error.detail, { cause: error })
    }
  }

  private valueAsItStands(placeholder: Placeholder, values: MessageValues): Payload {
    const { type } = this.options
    // What is to be another type than JSON is the value's text.
    if (type !== null && !isJsonType(type)) return textPayload(type, values.needed(placeholder))
    const { reference, text } = placeholder
    const value = reference.of === "json" ? values.jsonAt(reference.path) : undefined
    if (value === undefined) throw new MessageFault(`The message has no ${text}.`)
    // A span of a text would keep all of it alive in the history.
    const bytes = encoder.encode(value)
    return { type: type ?? "application/json", data: decoder.decode(bytes), bytes: bytes.length }
  }

  private wholeBody(message: SourceMessage, body: Uint8Array): Payload {
    const { type, registryFramed } = this.options
    const said = type ?? message.contentType
    if (said !== null) {
      const contentType = parseContentType(said)
      if (!contentType)
        throw new MessageFault(
          `Its content type ${JSON.stringify(said.slice(0, 100))} is malformed; \`type:\` in the configuration says another.`,
        )
      if (registryFramed && isRegistryFramed(body) && isJsonType(contentType.type))
        throw new MessageFault(registryFault)
      return payloadFromBytes(contentType, body)
    }
    if (registryFramed && isRegistryFramed(body)) throw new MessageFault(registryFault)
    const text = textOf(body)
    if (text === null) return payloadFromBytes(null, body)
    return { type: isJson(text) ? "application/json" : "text/plain", data: text, bytes: body.length }
  }
}

function textPayload(type: string, text: string): Payload {
  if (!isTextType(type) && !isJsonType(type))
    throw new MessageFault(`A text is not ${type}; \`data\` is a text here.`)
  return payloadFromBytes({ type, parameters: new Map() }, encoder.encode(text))
}

function isJson(text: string): boolean {
  try {
    checkJson(text, jsonDepthMax)
    return true
  } catch (error) {
    if (error instanceof BadJson) return false
    throw error
  }
}
