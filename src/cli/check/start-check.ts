// What a server would not start with, said before it is tried.
import { type Config, ConfigError } from "../../config/config.ts"
import { checkStart } from "../../server/start/start-checks.ts"
import { CommandError } from "../command.ts"

/** Throws `CommandError`. */
export async function refuseStart(config: Config): Promise<void> {
  try {
    await checkStart(config)
  } catch (error) {
    throw error instanceof ConfigError ? new CommandError(error.message, { cause: error }) : error
  }
}
