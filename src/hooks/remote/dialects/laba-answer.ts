// Reads what a backend answered in the dialect `laba`. Everything in it is checked, since it comes off a wire: a word that is
// misspelled is a failure that the operator sees, not a wish that is overheard.
import { readBase64 } from "../../../../wire/base64.ts"
import { parseEnvelope } from "../../../../wire/json-envelope.ts"
import type { JsonText } from "../../../../wire/json-scan.ts"
import { notUnderstood } from "../delivery/backend-failure.ts"
import type { Answer, AnswerMessage, HookKind } from "../remote.ts"

/** Bytes of a state, as UTF-8. It travels in a header of every later call, escaped: 6 KB at worst, of the 8 to 16 that servers take. */
export const stateBytesMax = 2048

/** Messages that one answer may publish. */
export const answerMessagesMax = 100

/** Channels that one answer may attach. */
export const answerChannelsMax = 128

const decoder = new TextDecoder("utf-8", { fatal: true })

/** The keys that an answer may have, by what was asked. */
const known: Readonly<Partial<Record<HookKind, readonly string[]>>> = {
  register: ["user", "channels", "subprotocol", "state", "reply", "publish"],
  transport: ["state", "reply", "publish"],
  subscribe: ["state", "reply", "publish"],
  publish: ["publish"],
}

const messageKeys = ["channel", "data", "type", "base64", "key"]

/** An answer with status 2xx. No body says nothing. Throws `BackendFailure`. */
export function readAnswer(kind: HookKind, body: Uint8Array): Answer {
  const keys = known[kind]
  if (body.length === 0 || !keys) return {}
  let value: unknown
  try {
    value = parseEnvelope(decoder.decode(body), "data")
  } catch (cause) {
    throw notUnderstood("it is not JSON", cause)
  }
  const answer = objectWith(value, keys, "the answer")
  const { user, channels, subprotocol, state, reply, publish } = answer
  return {
    ...(user !== undefined && user !== null && { user: text(user, "user", 1024) }),
    ...(channels !== undefined && { channels: list(channels, "channels", answerChannelsMax).map(channelIn) }),
    ...(subprotocol !== undefined &&
      subprotocol !== null && { subprotocol: text(subprotocol, "subprotocol", 100) }),
    ...(state !== undefined && { state: stateIn(state) }),
    ...(reply !== undefined && reply !== null && { reply: replyIn(reply) }),
    ...(publish !== undefined && { publish: publishIn(publish) }),
  }
}

function objectWith(value: unknown, keys: readonly string[], what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw notUnderstood(`${what} must be an object`)
  const strange = Object.keys(value).find((key) => !keys.includes(key))
  if (strange !== undefined)
    throw notUnderstood(`${what} has the unknown key ${JSON.stringify(strange.slice(0, 40))}`)
  return value as Record<string, unknown>
}

function text(value: unknown, name: string, charsMax: number): string {
  if (typeof value !== "string" || value === "" || value.length > charsMax || !value.isWellFormed())
    throw notUnderstood(`\`${name}\` must be a text of 1 to ${charsMax} characters`)
  return value
}

function list(value: unknown, name: string, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most)
    throw notUnderstood(`\`${name}\` must be a list of at most ${most}`)
  return value
}

const channelIn = (value: unknown): string => text(value, "channels[]", 1024)

function stateIn(state: unknown): string | null {
  if (state === null || state === "") return null
  if (
    typeof state === "string" &&
    state.isWellFormed() &&
    new TextEncoder().encode(state).length <= stateBytesMax
  )
    return state
  throw notUnderstood(`\`state\` must be a text of at most ${stateBytesMax} bytes, or null`)
}

function replyIn(reply: unknown): string | Uint8Array {
  if (typeof reply === "string" && reply.isWellFormed()) return reply
  const { base64 } = objectWith(reply, ["base64"], "`reply`")
  const bytes = typeof base64 === "string" ? readBase64(base64) : null
  if (bytes) return bytes
  throw notUnderstood("`reply` must be a text, or an object with `base64`")
}

function publishIn(publish: unknown): boolean | AnswerMessage[] {
  if (typeof publish === "boolean") return publish
  const messages = Array.isArray(publish) ? list(publish, "publish", answerMessagesMax) : [publish]
  return messages.map(messageIn)
}

function messageIn(value: unknown): AnswerMessage {
  const { channel, data, type, base64, key } = objectWith(value, messageKeys, "a message in `publish`")
  if (data === undefined) throw notUnderstood("a message in `publish` needs `data`")
  if (base64 !== undefined && base64 !== true) throw notUnderstood("`base64` is true or left out")
  return {
    data: data as JsonText,
    ...(channel !== undefined && { channel: text(channel, "publish[].channel", 1024) }),
    ...(type !== undefined && { type: text(type, "publish[].type", 255) }),
    ...(base64 && { base64 }),
    ...(key !== undefined && { key: text(key, "publish[].key", 255) }),
  }
}
