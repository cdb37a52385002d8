// Gathers the configuration that a command runs with: flags over environment over file over defaults.
import { applyEnvironment } from "../../config/loading/environment-variables.ts"
import { mergeConfig } from "../../config/loading/merge-config.ts"
import { type Config, ConfigError, type ConfigInput, parseConfig } from "../../config/config.ts"
import { readConfigText } from "../../config/loading/config-text.ts"
import { CommandError, UsageError } from "../command.ts"

/** Taken from the current folder when no file is named. */
const usualNames = ["laba.yaml", "laba.yml", "laba.json"]

/** Help's line for `--config`. */
export const configFlag = {
  type: "string",
  value: "<file>",
  says: `YAML or JSON; default ${usualNames.join(", ")} in this folder, if there is one`,
} as const

export interface LoadedConfig {
  /** As `serve()` takes it. */
  readonly input: ConfigInput
  /** The same, checked, with every default filled in. */
  readonly config: Config
  /** The file that was read, as it was named; null when there was none. */
  readonly file: string | null
  /** Nothing but LABA_TOKEN_SECRET says who may come in. */
  readonly isSecretAlone: boolean
}

/** Throws `UsageError` for a flag that is none, and `CommandError` with every mistake of the rest, a line each. */
export async function loadConfig(named: string | undefined, flags: ConfigInput): Promise<LoadedConfig> {
  if (named === "") throw new UsageError("--config needs the name of a file, and has an empty one")
  checkFlags(flags)
  const file = named ?? (await usualFile())
  const text = file === null ? null : await read(file)
  try {
    const fromFile = file === null || text === null ? {} : readConfigText(text, file)
    const input = mergeConfig(applyEnvironment(fromFile, process.env), flags)
    const config = parseConfig(input)
    const saysWho = fromFile.tokens !== undefined || config.access.keys.length > 0
    return { input, config, file, isSecretAlone: config.access.tokens !== null && !saysWho }
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(mistakesOf(error, file), { cause: error })
    throw error
  }
}

/** By themselves, so that what was typed wrongly is not said of a file. Throws `UsageError`. */
function checkFlags(flags: ConfigInput): void {
  try {
    parseConfig(flags)
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message.split("\n")[0])
    throw error
  }
}

async function usualFile(): Promise<string | null> {
  for (const name of usualNames) if (await Bun.file(name).exists()) return name
  return null
}

async function read(file: string): Promise<string> {
  try {
    return await Bun.file(file).text()
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

function mistakesOf({ message, problems }: ConfigError, file: string | null): string {
  const inEnvironment = problems.every(
    ({ path: [key] }) => typeof key === "string" && key.startsWith("LABA_"),
  )
  const where = inEnvironment ? "the environment" : (file ?? "the configuration")
  // Mistakes of syntax name the file themselves, with line and column.
  if (problems.length === 1) return message.startsWith(`${where}:`) ? message : `${where}: ${message}`
  return `${where} has ${problems.length} mistakes:\n${message.replaceAll(/^/gm, "  ")}`
}
