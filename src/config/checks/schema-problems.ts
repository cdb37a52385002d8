// Says what a schema found wrong in plain sentences, with the key that was probably meant.
import { z } from "zod"
import { nearestWord } from "../nearest-word.ts"
import type { Problem } from "../config-error.ts"
import { configSchema } from "../schema/config-schema.ts"

type Issue = z.core.$ZodIssue

/** Every problem of a value that `configSchema` refused. */
export function schemaProblems(error: z.ZodError, value: unknown): Problem[] {
  return error.issues.flatMap((issue) => problemsIn(issue, issue.path, value))
}

function problemsIn(issue: Issue, path: readonly PropertyKey[], root: unknown): Problem[] {
  const there = valueAt(root, path)
  // A secret that is wrong is a secret all the same.
  const isSecret =
    there !== undefined && there !== null && (path.some((key) => secretKeys.has(key)) || holdsLogin(there))
  const given = isSecret ? hidden : there
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, path) }))
    case "invalid_union": {
      // The alternative that understood the most says what is wrong inside; if none did, the union says what it takes.
      const inner = issue.errors.find((issues) =>
        issues.every((one) => one.path.length > 0 || one.code === "unrecognized_keys"),
      )
      // The address of an engine may hold a password.
      if (issue.message.startsWith("the engine")) return [{ path, message: issue.message }]
      const words = issue.errors.flat().flatMap((one) => (one.code === "invalid_value" ? one.values : []))
      const meant = typeof given === "string" ? nearestWord(given, words.map(String)) : null
      if (!inner) return [{ path, message: `${issue.message}${butIs(given)}${didYouMean(meant)}` }]
      return inner.flatMap((one) => problemsIn(one, [...path, ...one.path], root))
    }
    case "invalid_type":
      return [{ path, message: `must be ${names[issue.expected] ?? issue.expected}${butIs(given)}` }]
    case "invalid_value": {
      const known = issue.values.map(String)
      const meant = typeof given === "string" ? nearestWord(given, known) : null
      return [{ path, message: `must be ${list(known)}${butIs(given)}${didYouMean(meant)}` }]
    }
    case "too_small":
      if (issue.origin === "string") return [{ path, message: "must not be empty" }]
      if (issue.origin === "array")
        return [{ path, message: `must have at least ${issue.minimum} in its list` }]
      return [{ path, message: `must be at least ${issue.minimum}${butIs(given)}` }]
    case "too_big":
      if (issue.origin === "array")
        return [{ path, message: `must have at most ${issue.maximum} in its list` }]
      return [{ path, message: `must be at most ${issue.maximum}${butIs(given)}` }]
    case "custom":
    case "invalid_format":
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
      return [{ path, message: `${issue.message}${butIs(given)}` }]
  }
}

const secretKeys: ReadonlySet<PropertyKey> = new Set([
  "secret",
  "publicKeys",
  "sha256",
  // Of sources: their passwords, and addresses that may hold one.
  "password",
  "token",
  "url",
  "uri",
  // Of watches: a mail server with its password, the keys of providers, a webhook known only to who may call it.
  "smtp",
  "secretKey",
  "authToken",
  "webhook",
])
const hidden = Symbol("hidden")

/** An address with a user, and a password perhaps, in it. */
const holdsLogin = (value: unknown): boolean => typeof value === "string" && /:\/\/[^/\s]*@/.test(value)

const names: Record<string, string> = {
  array: "a list",
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  object: "an object",
  record: "an object",
}

const list = (words: readonly string[]): string => words.map((word) => JSON.stringify(word)).join(" or ")

const didYouMean = (word: string | null): string => (word === null ? "" : `, did you mean "${word}"?`)

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  return `unknown key${didYouMean(nearestWord(key, knownKeys(path)))}`
}

/** The schema as JSON, which is plain to walk. Made once it is needed: that takes milliseconds. */
let schemaAsJson: JsonSchema | undefined

/** The keys that the schema knows at a path. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  schemaAsJson ??= z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema
  let nodes: readonly JsonSchema[] = [schemaAsJson]
  for (const key of path) {
    nodes = alternatives(nodes).flatMap((node) => {
      const next = node.properties?.[String(key)] ?? node.additionalProperties ?? node.items
      return typeof next === "object" ? [next] : []
    })
  }
  return alternatives(nodes).flatMap((node) => Object.keys(node.properties ?? {}))
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

const alternatives = (nodes: readonly JsonSchema[]): readonly JsonSchema[] =>
  nodes.flatMap((node) => [node, ...(node.anyOf ?? [])])

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}

/** What stands there instead of what must be there. */
const butIs = (value: unknown): string => (value === undefined ? ", and is missing" : `, not ${print(value)}`)

/** A value in a sentence: short, and never the inside of an object, which may hold a secret. */
function print(value: unknown): string {
  if (value === hidden) return "what is there"
  if (value === null) return "nothing"
  if (Array.isArray(value)) return "a list"
  if (typeof value === "object") return "an object"
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  if (typeof value !== "string") return `a ${typeof value}`
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
