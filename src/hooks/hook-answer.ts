// Checks what a hook in this process answered. JavaScript lets it answer anything, `false` for "no" first of all, and what is not
// understood must let nobody in and publish nothing, as with a backend that answers by HTTP.
import { codes } from "../../wire/codes.ts"
import { parseChannel } from "../channels/name.ts"
import { answerChannelsMax } from "./remote/dialects/laba-answer.ts"
import type { Hooks, Refusal, SubscribeAnswer, Verdict, Welcome } from "./hooks.ts"

/** The hooks that are asked, with what they may answer. */
export interface HookAnswers {
  onConnect: Welcome
  onSubscribe: SubscribeAnswer
  onMessage: Verdict
}

interface Member {
  readonly expected: string
  readonly fits: (value: unknown) => boolean
}

// Half of a surrogate pair would reach clients as another character, or not at all.
const isText = (value: unknown): boolean => typeof value === "string" && value.isWellFormed()

function isChannel(name: string): boolean {
  try {
    parseChannel(name, "body")
    return true
  } catch {
    return false
  }
}

const refuse: Member = {
  expected: "an object with a `detail` and, at most, a `code` of the protocol",
  fits: (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.hasOwn(codes, (value as Refusal).code ?? "forbidden"),
}
const text: Member = { expected: "a text", fits: isText }
const channels: Member = {
  expected: `a list of at most ${answerChannelsMax} channels' names`,
  fits: (value) =>
    Array.isArray(value) &&
    value.length <= answerChannelsMax &&
    value.every(isText) &&
    value.every(isChannel),
}
const payload: Member = {
  expected: "a text without half of a surrogate pair, or a Uint8Array",
  fits: (value) => isText(value) || value instanceof Uint8Array,
}
const truth: Member = { expected: "true or false", fits: (value) => typeof value === "boolean" }

const members: { [Hook in keyof HookAnswers]: ReadonlyMap<string, Member> } = {
  onConnect: membersOf<Welcome>({ refuse, user: text, channels, reply: payload, subprotocol: text }),
  onSubscribe: membersOf<SubscribeAnswer>({ refuse }),
  onMessage: membersOf<Verdict>({ refuse, publish: truth, data: payload, reply: payload }),
}

function membersOf<Answer>(known: Record<keyof Answer, Member>): ReadonlyMap<string, Member> {
  return new Map(Object.entries(known) as [string, Member][])
}

/** Throws a `TypeError` that says what was answered and what would be right. Nothing at all is an answer. */
export function checkAnswer(hook: keyof HookAnswers & keyof Hooks, answer: unknown): void {
  if (answer === undefined) return
  if (typeof answer !== "object" || answer === null || Array.isArray(answer))
    throw new TypeError(
      `${hook} answered ${printed(answer)}: it answers an object, or nothing; \`{ refuse: { detail } }\` says no.`,
    )
  for (const [name, value] of Object.entries(answer)) {
    if (value === undefined) continue
    const member = members[hook].get(name)
    if (!member) throw new TypeError(`${hook} answered with the unknown key \`${name}\`.`)
    if (!member.fits(value))
      throw new TypeError(`${hook} answered \`${name}\`: ${printed(value)}, and it is ${member.expected}.`)
  }
}

/** Short, and without what a text holds: it may be a secret, and this goes to the log. */
function printed(value: unknown): string {
  if (typeof value === "string") return "a text"
  if (Array.isArray(value)) return "a list"
  return typeof value === "object" && value !== null ? "an object" : String(value)
}
