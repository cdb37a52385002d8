// How the demos read their command lines. What is wrong with one is said in one line and ends with 2, what could not be
// done in one line and with 1; a stack is for those who write demos.
import { parseArgs, type ParseArgsConfig } from "node:util"

/** What `parseArgs` answers; ends the process where it would throw. */
export function readFlags<const Config extends ParseArgsConfig>(
  name: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    // Beyond its first sentence Node explains how to hand over what looks like a flag.
    return misused(name, messageOf(error).split(". ")[0] as string)
  }
}

/** A port of a flag, 0 for any. Ends the process where it is none. */
export function readPort(name: string, flag: string, text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  return misused(name, `${flag} is a port from 0 to 65535, not "${text}"`)
}

/** Does what was asked for; when it cannot be done, says why and ends the process. */
export async function orSayWhy(name: string, work: () => unknown): Promise<void> {
  try {
    await work()
  } catch (error) {
    console.error(`${name}: ${messageOf(error)}`)
    process.exit(1)
  }
}

function misused(name: string, message: string): never {
  console.error(`${name}: ${message} (${name} --help)`)
  process.exit(2)
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
