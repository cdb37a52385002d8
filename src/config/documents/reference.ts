// The configuration described: as a JSON schema for editors and as tables for readers. Both are made of the schema and
// of the comments on its TypeScript types, so that no text is written twice.
import { z } from "zod"
import { limitCodes, type LimitName } from "../../../wire/limits.ts"
import { sizePattern, timePattern } from "../quantities.ts"
import { configSchema } from "../schema/config-schema.ts"

/** What of JSON Schema (2020-12) the configuration uses. */
interface SchemaNode {
  description?: string
  type?: string
  const?: string
  enum?: readonly string[]
  pattern?: string
  maximum?: number
  default?: unknown
  properties?: Record<string, SchemaNode>
  additionalProperties?: SchemaNode | boolean
  items?: SchemaNode
  anyOf?: SchemaNode[]
}

/** The doc comments of the members of interfaces, by interface and member. */
type Comments = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Reads them from TypeScript sources that are laid out as the formatter leaves them. */
export function readComments(...sources: readonly string[]): Comments {
  const comments = new Map<string, Map<string, string>>()
  for (const source of sources) {
    for (const [, name, body] of source.matchAll(
      /^(?:export )?interface (\w+)(?: extends \w+)? \{\n([^]*?)^\}/gm,
    )) {
      const members = [...(body as string).matchAll(/\/\*\*([^]*?)\*\/\s*readonly ([\w$]+)\??:/g)]
      comments.set(
        name as string,
        new Map(members.map(([, text, member]) => [member as string, oneLine(text as string)])),
      )
    }
  }
  return comments
}

const oneLine = (comment: string): string => comment.replace(/\s*\n\s*\*\s*/g, " ").trim()

/** The interface that describes what is within a member of another. */
const within: Readonly<Record<string, string>> = {
  "ConfigInput.listen": "ListenInput",
  "ConfigInput.channels": "ChannelInput",
  "ConfigInput.keys": "KeyInput",
  "ConfigInput.tokens": "TokensInput",
  "TokensInput.otherIssuers": "IssuerInput",
  "ConfigInput.limits": "Limits",
  "ConfigInput.sqlite": "SqliteInput",
  "ConfigInput.node": "NodeInput",
  "ConfigInput.redis": "RedisInput",
  "ConfigInput.hooks": "HookInput",
  "ConfigInput.tls": "TlsInput",
  "ConfigInput.stomp": "StompInput",
  "ConfigInput.log": "LogInput",
  "ChannelInput.history": "HistoryInput",
  "ConfigInput.sockjs": "SockJsInput",
  "SockJsInput.paths": "SockJsPathInput",
  "ConfigInput.watch": "WatchInput",
  "ConfigInput.ingest": "IngestInput",
  "IngestInput.kafka": "KafkaInput",
  "KafkaInput.tls": "SourceTlsInput",
  "KafkaInput.sasl": "KafkaSaslInput",
  "IngestInput.mqtt": "MqttInput",
  "MqttInput.tls": "SourceTlsInput",
  "IngestInput.nats": "NatsInput",
  "NatsInput.tls": "SourceTlsInput",
  "IngestInput.postgres": "PostgresInput",
  "PostgresInput.tls": "SourceTlsInput",
  "IngestInput.rabbitmq": "RabbitMqInput",
  "RabbitMqInput.tls": "SourceTlsInput",
  "IngestInput.redisStream": "RedisStreamInput",
  "RedisStreamInput.tls": "SourceTlsInput",
  "IngestInput.inFlight": "IngestInFlightInput",
  "WatchInput.tell": "TellInput",
  "TellInput.mail": "MailInput",
  "TellInput.sms": "SmsInput",
}

/** Interfaces whose members are another's too. */
const base: Readonly<Record<string, string>> = {
  ChannelInput: "PermissionsInput",
  TokensInput: "IssuerInput",
}

function commentOn(name: string, key: string, comments: Comments): string | undefined {
  const parent = base[name]
  return comments.get(name)?.get(key) ?? (parent === undefined ? undefined : comments.get(parent)?.get(key))
}

/** The JSON schema of the config file. Throws when a key has no comment. */
export function jsonSchema(comments: Comments): SchemaNode & Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, { io: "input" }) as SchemaNode
  describe(schema, "ConfigInput", comments)
  return { title: "The configuration of Laba", ...schema }
}

function describe(node: SchemaNode, name: string, comments: Comments): void {
  for (const [key, member] of Object.entries(node.properties ?? {})) {
    const description = commentOn(name, key, comments)
    if (description === undefined) throw new Error(`${name}.${key} has no comment`)
    const code = name === "Limits" ? limitCodes[key as LimitName] : null
    member.description = code === null ? description : `${description} Beyond it: \`${code}\`.`
    const inner = within[`${name}.${key}`]
    for (const one of [member, ...(member.anyOf ?? []), member.additionalProperties, member.items]) {
      if (typeof one !== "object") continue
      // The schema library bounds every whole number by what a double can count.
      if (one.maximum === Number.MAX_SAFE_INTEGER) delete one.maximum
      if (inner !== undefined) describe(one, inner, comments)
    }
  }
}

/** The same as Markdown: a table for the root, then a heading and a table for each object in it. */
export function referenceTables(schema: SchemaNode): string {
  return tables("", schema).join("\n\n")
}

function tables(path: string, node: SchemaNode): string[] {
  const members = Object.entries(node.properties ?? {})
  // What maps names of its user's to plain values has no keys of its own.
  if (members.length === 0) return []
  const rows = members.map(
    ([key, member]) => `| \`${key}\` | ${takes(member)} | ${cell(member.description)} |`,
  )
  const table = ["| key | takes | what it does |", "| --- | --- | --- |", ...rows].join("\n")
  const inner = members.flatMap(([key, member]) => {
    const object = objectIn(member)
    if (!object) return []
    const list = member.items === object ? `${key}[]` : key
    const name =
      member.additionalProperties === object ? `${key}.<${key === "ingest" ? "name" : "pattern"}>` : list
    return tables(path === "" ? name : `${path}.${name}`, object)
  })
  return [path === "" ? table : `### \`${path}\`\n\n${table}`, ...inner]
}

/** The object that a member is, or maps patterns to, or may be. */
function objectIn(member: SchemaNode): SchemaNode | undefined {
  if (typeof member.additionalProperties === "object") return member.additionalProperties
  if (member.items?.properties) return member.items
  return [member, ...(member.anyOf ?? [])].find((one) => one.properties !== undefined)
}

function takes(node: SchemaNode): string {
  if (node.anyOf?.some((one) => one.pattern === sizePattern.source)) return "a size"
  if (node.anyOf?.some((one) => one.pattern === timePattern.source)) return "a time"
  if (node.anyOf?.some((one) => one.type === "array")) return "a text or a list"
  if (node.type === "array") return "a list"
  if (objectIn(node)) return node.anyOf ? "`none` or an object" : "an object"
  if (node.enum) return node.enum.map((word) => `\`${word}\``).join(" or ")
  if (node.type === "integer") return "a whole number"
  if (node.type === "number") return "a number"
  if (node.anyOf?.some((one) => one.type === "boolean") && node.anyOf.some((one) => one.enum)) {
    const words = node.anyOf.flatMap((one) => one.enum ?? [])
    return ["true", "false", ...words].map((word) => `\`${word}\``).join(" or ")
  }
  return node.type === "boolean" ? "`true` or `false`" : "a text"
}

const cell = (text = ""): string => text.replaceAll("|", "\\|")
