// Reads a command's arguments by its flags. What is not understood is named, with the nearest flag that exists.
import { parseArgs } from "node:util"
import { type Flags, UsageError } from "./command.ts"
import { nearestWord } from "../config/nearest-word.ts"

/** What was given, typed by the flags: a string flag holds a string, a boolean flag true. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]?: F[Name]["type"] extends "boolean" ? boolean : string
}

interface Arguments<F extends Flags> {
  readonly given: FlagValues<F>
  /** What was no flag, in order. After `--` everything is. */
  readonly words: readonly string[]
}

/** Throws `UsageError` for an unknown flag, a missing or unasked-for value, and more words than `wordsMax`. */
export function readArguments<F extends Flags>(
  args: readonly string[],
  flags: F,
  wordsMax: number,
): Arguments<F> {
  const options = Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }]))
  // Not strict: its own errors name no nearest flag.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given: Record<string, string | boolean> = {}
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value)
    if (token.kind === "option") given[token.name] = valueOf(token, flags)
  }
  if (words.length > wordsMax) throw new UsageError(`did not expect "${words[wordsMax]}"`)
  return { given: given as FlagValues<F>, words }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function valueOf(token: OptionToken, flags: Flags): string | boolean {
  const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined
  if (!flag || !token.rawName.startsWith("--")) throw unknown("flag", token.rawName, dashed(flags))
  if (flag.type === "boolean") {
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`)
    return true
  }
  // In `--url --json` the value was forgotten; `--url=--json` would mean it.
  if (token.value === undefined || (!token.inlineValue && token.value.startsWith("--"))) {
    throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.value ?? "<value>"}`)
  }
  return token.value
}

const dashed = (flags: Flags): string[] => Object.keys(flags).map((name) => `--${name}`)

/** The error for a word that is not one of the known ones. */
export function unknown(kind: "flag" | "command", word: string, known: readonly string[]): UsageError {
  const meant = nearestWord(word, known)
  return new UsageError(`unknown ${kind} ${word}${meant === null ? "" : `; did you mean ${meant}?`}`)
}
