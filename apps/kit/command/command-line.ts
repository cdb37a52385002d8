// How the demos read their command lines. What is wrong with one is said in one line and ends with 2, what could not be
// done in one line and with 1; a stack is for mistakes of ours.
import { parseArgs, type ParseArgsConfig } from "node:util"
import { ConfigError, networkProblem } from "laba"
import { isOwnAddress } from "./ports-and-signals.ts"
import { reachLoopbackDirectly } from "./proxy-exceptions.ts"

/** What was given is wrong: whoever started the command need not start it again as it was. The message has no full stop. */
export class UsageError extends Error {}

/** What `parseArgs` answers. Throws `UsageError`. */
export function readFlags<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    // Beyond its first sentence Node explains how to hand over what looks like a flag.
    throw new UsageError((error as Error).message.split(/\.\s/)[0])
  }
}

/** Reads a whole number from a flag. Throws `UsageError`. */
export function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`--${flag} is a whole number from 0 on, not "${text}"`)
}

/** Reads a port from a flag; 0 is any. Throws `UsageError`. */
export function portIn(flag: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new UsageError(`--${flag} is a port from 0 to 65535, not "${text}"`)
}

/** Reads seconds above nothing from a flag. Throws `UsageError`. */
export function secondsIn(flag: string, text: string): number {
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text)
  throw new UsageError(`--${flag} is a number of seconds above 0, not "${text}"`)
}

/** Reads an address from a flag. Throws `UsageError`. */
export function addressIn(flag: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new UsageError(`--${flag} is an address such as https://shop.example, not "${text}"`)
}

/** Reads an address to listen at from a flag. Throws `UsageError` for what is none of this machine's. */
export function hostIn(flag: string, text: string): string {
  if (isOwnAddress(text)) return text
  throw new UsageError(
    `--${flag} is an address of this machine, such as 127.0.0.1 or 0.0.0.0 for all, not "${text}"`,
  )
}

/** Reads a folder from a flag. Throws `UsageError`. */
export function folderIn(flag: string, text: string): string {
  if (text.trim() !== "") return text
  throw new UsageError(`--${flag} is a folder, not "${text}"`)
}

/** Reads networks from a flag that may be given more than once. Throws `UsageError`. */
export function networksIn(flag: string, texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    const problem = networkProblem(text)
    if (problem !== null) throw new UsageError(`--${flag}: "${text}" ${problem}`)
  }
  return texts
}

/** Reads a flag that need not be there: undefined then. */
export const ifGiven = <Given, Value>(
  read: (flag: string, given: Given) => Value,
  flag: string,
  given: Given | undefined,
): Value | undefined => (given === undefined ? undefined : read(flag, given))

/** Does what was asked for; when it cannot be done, says why and ends the process. */
export async function runCommand(name: string, work: () => unknown): Promise<void> {
  reachLoopbackDirectly()
  try {
    await work()
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${name}: ${error.message} (${name} --help)`)
      process.exit(2)
    }
    console.error(isOurs(error) ? error : `${name}: ${(error as Error).message}`)
    process.exit(1)
  }
}

/** A `TypeError` and the like is a mistake of ours; what the system, Laba or our own checks say is a plain error or has a code. */
const isOurs = (error: unknown): boolean =>
  !(error instanceof Error) ||
  (error.constructor !== Error && !(error instanceof ConfigError) && !("code" in error))
