// What a server would not start with, said before it is tried.
import { type Config, ConfigError } from "../../config/config.ts"
import { checkStart } from "../../server/start-checks.ts"
import { Failure } from "../command.ts"

/** Throws `Failure`. */
export async function refuseStart(config: Config): Promise<void> {
  try {
    await checkStart(config)
  } catch (error) {
    throw error instanceof ConfigError ? new Failure(error.message, { cause: error }) : error
  }
}
