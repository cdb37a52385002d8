// A message of a source as a file holds it: a JSON object with `body` and what goes with it, or a body alone.
import { BadJson, JsonScanner, type JsonText } from "../../../wire/json-scan.ts"
import { jsonDepthMax } from "../../../wire/limits.ts"
import type { SourceMessage } from "../../ingest/source.ts"
import { CommandError } from "../command.ts"

const names = ["body", "key", "topic", "partition", "position", "contentType", "headers", "fields"] as const
type Name = (typeof names)[number]

const encoder = new TextEncoder()

/** Throws `CommandError` for an object with `body` whose other members are not what they must be. */
export function readMessageFile(bytes: Uint8Array): SourceMessage {
  const members = membersOf(new TextDecoder().decode(bytes))
  if (!members?.has("body")) return { ...usual, body: bytes }
  const text = (name: Name): string | null => {
    const value = members.get(name)
    return value === undefined || value === "null" ? null : stringOf(name, value)
  }
  const body = members.get("body") as JsonText
  return {
    partition: text("partition") ?? usual.partition,
    position: text("position"),
    topic: text("topic") ?? usual.topic,
    key: bytesOf(text("key")),
    // A string is a body of text; other JSON is a body of JSON, as it stands.
    body: body === "null" ? null : encoder.encode(body.startsWith('"') ? stringOf("body", body) : body),
    contentType: text("contentType"),
    headers: new Map(
      Object.entries(textsOf("headers", members)).map(([name, value]) => [name, encoder.encode(value)]),
    ),
    fields: textsOf("fields", members),
    time: null,
  }
}

const usual: SourceMessage = {
  ...{ partition: "test", position: null, topic: "test", key: null, body: null, contentType: null },
  ...{ headers: new Map(), fields: {}, time: null },
}

/** The members of an object that has no others than a message; null for everything else. */
function membersOf(text: string): ReadonlyMap<string, JsonText> | null {
  const scanner = new JsonScanner(text, jsonDepthMax)
  const members = new Map<string, JsonText>()
  try {
    if (scanner.kind !== "object") return null
    scanner.members((name) => void members.set(name, scanner.value()))
    scanner.end()
  } catch (error) {
    if (error instanceof BadJson) return null
    throw error
  }
  return [...members.keys()].every((name) => (names as readonly string[]).includes(name)) ? members : null
}

function stringOf(name: Name, value: JsonText): string {
  const read: unknown = JSON.parse(value)
  if (typeof read === "string") return read
  throw new CommandError(`${name} of the message must be a text`)
}

function textsOf(name: "headers" | "fields", members: ReadonlyMap<string, JsonText>): Record<string, string> {
  const value = members.get(name)
  if (value === undefined) return {}
  const read: unknown = JSON.parse(value)
  const isTexts =
    typeof read === "object" && read !== null && Object.values(read).every((one) => typeof one === "string")
  if (isTexts) return read as Record<string, string>
  throw new CommandError(`${name} of the message must be an object of texts`)
}

const bytesOf = (text: string | null): Uint8Array | null => (text === null ? null : encoder.encode(text))
