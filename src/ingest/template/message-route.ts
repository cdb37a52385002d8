// What becomes of a message: where it goes and as what, that it is not meant, or what it is at fault for. Pure: the pipeline
// does what it says, and `laba ingest test` only shows it.
import type { Limits } from "../../../wire/limits.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Payload } from "../../engines/engine.ts"
import { checkSize } from "../../hub/drafts.ts"
import type { SourceMessage } from "../source.ts"
import { ChannelTemplate } from "./channel-template.ts"
import { Condition, type ConditionInput } from "./condition.ts"
import { JsonPaths } from "./json-values.ts"
import { MessageFault } from "./message-fault.ts"
import { MessageValues } from "./message-values.ts"
import { PayloadTemplate } from "./payload-template.ts"
import { type Piece, TemplateError } from "./template.ts"
import { TextTemplate } from "./text-template.ts"

/** As an ingest is configured, apart from its source. */
export interface RouteConfig {
  /** Templates of channels. Empty where it goes to a connection. */
  readonly to: readonly string[]
  /** A template of a connection's id; null where it goes to channels. */
  readonly connection: string | null
  readonly when: ConditionInput
  readonly unless: ConditionInput
  readonly data: string | null
  readonly type: string | null
  readonly id: string | null
}

/** What of a kind of source a route depends on. */
interface RouteSource {
  readonly fields: readonly string[]
  readonly topicSeparator?: string
  readonly registryFramed?: boolean
}

export type Outcome =
  | {
      readonly kind: "publish"
      readonly channels: readonly Channel[]
      readonly connection: string | null
      readonly payload: Payload
      /** What it is known again by; null where positions are, or nothing is. */
      readonly id: string | null
    }
  | { readonly kind: "passed-over" }
  | { readonly kind: "at-fault"; readonly reason: string }

/** Something of a route that is wrong: which key, and what. */
interface RouteProblem {
  readonly key: readonly PropertyKey[]
  readonly message: string
}

/** A body may be so many times longer than what is published of it: by default 1 MiB, which Kafka's own bound is. */
const readFactor = 16

/** Ids longer than this fill the engine's memory of them. */
const idCharsMax = 256

interface MessageRouteOptions {
  /** As it is now. */
  readonly limits: Pick<Limits, "messageBytesMax">
  /** Throws `bad_channel` for a name that is no channel's here. */
  checkName(channel: Channel): void
}

export class MessageRoute {
  private readonly paths = new JsonPaths()
  private readonly channels: readonly ChannelTemplate[]
  private readonly connection: TextTemplate | null
  private readonly when: Condition | null
  private readonly unless: Condition | null
  private readonly payload: PayloadTemplate
  private readonly id: TextTemplate | null
  private readonly registryFramed: boolean
  private readonly options: MessageRouteOptions

  /** After `routeProblems` found none. */
  constructor(config: RouteConfig, source: RouteSource, options: MessageRouteOptions) {
    const { fields, topicSeparator = null, registryFramed = false } = source
    this.options = options
    this.registryFramed = registryFramed
    this.channels = config.to.map((text) => new ChannelTemplate(text, { fields, topicSeparator }))
    this.connection = config.connection === null ? null : new TextTemplate(config.connection, fields)
    this.when = conditionOf(config.when, fields)
    this.unless = conditionOf(config.unless, fields)
    this.payload = new PayloadTemplate({ data: config.data, type: config.type, fields, registryFramed })
    this.id = config.id === null ? null : new TextTemplate(config.id, fields)
  }

  outcomeOf(message: SourceMessage): Outcome {
    try {
      if (message.broken !== undefined) throw new MessageFault(message.broken)
      return this.read(message)
    } catch (error) {
      if (error instanceof MessageFault) return { kind: "at-fault", reason: error.message }
      if (error instanceof LabaError) return { kind: "at-fault", reason: error.detail }
      // A fault of ours: the message is set aside with what is known, and its source goes on.
      return { kind: "at-fault", reason: `It could not be read: ${String(error)}` }
    }
  }

  private read(message: SourceMessage): Outcome {
    const { paths, registryFramed, options } = this
    const readBytesMax = options.limits.messageBytesMax * readFactor
    const values = new MessageValues(message, { paths, registryFramed, readBytesMax })
    if (this.when && !this.when.all(values)) return { kind: "passed-over" }
    if (this.unless?.any(values)) return { kind: "passed-over" }
    const channels = this.channels.map((template) => template.fill(values))
    for (const channel of channels) this.options.checkName(channel)
    const connection = this.connection?.fill(values) ?? null
    const id = this.id ? copied(this.id.fill(values)) : null
    if (id === "" || (id !== null && id.length > idCharsMax))
      throw new MessageFault(`Its id has ${id.length} characters; 1 to ${idCharsMax} are taken.`)
    const payload = this.payload.fill(message, values)
    checkSize(payload, this.options.limits)
    return { kind: "publish", channels, connection, payload, id }
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** An engine remembers ids: a span of a body would keep all of it alive. */
const copied = (text: string): string => decoder.decode(encoder.encode(text))

const conditionOf = (input: ConditionInput, fields: readonly string[]): Condition | null =>
  Object.keys(input).length === 0 ? null : new Condition(input, fields)

/** What of the templates is wrong, for a configuration's check. */
export function routeProblems(config: RouteConfig, source: RouteSource): RouteProblem[] {
  const { fields, topicSeparator = null, registryFramed = false } = source
  const problems: RouteProblem[] = []
  const tryOut = (key: readonly PropertyKey[], make: () => unknown): void => {
    try {
      make()
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      problems.push({ key, message: error.message })
    }
  }
  for (const [index, text] of config.to.entries())
    tryOut(
      config.to.length === 1 ? ["to"] : ["to", index],
      () => new ChannelTemplate(text, { fields, topicSeparator }),
    )
  if (config.connection !== null)
    tryOut(["connection"], () => mustName(new TextTemplate(config.connection as string, fields)))
  for (const key of ["when", "unless"] as const)
    for (const [name, wanted] of Object.entries(config[key]))
      tryOut([key, name], () => new Condition({ [name]: wanted }, fields))
  tryOut(
    ["data"],
    () => new PayloadTemplate({ data: config.data, type: config.type, fields, registryFramed }),
  )
  if (config.id !== null) tryOut(["id"], () => mustName(new TextTemplate(config.id as string, fields)))
  return problems
}

/** The same for every message would be one connection, or one message alone. */
function mustName({ pieces }: TextTemplate): void {
  const names = (piece: Piece): boolean => typeof piece === "object"
  if (!pieces.some(names))
    throw new TemplateError("names nothing of a message; write {header.message-id} or the like")
}
