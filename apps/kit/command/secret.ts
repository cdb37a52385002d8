// How the demos take a secret from the environment.
import { UsageError } from "./command-line.ts"

type Environment = Readonly<Record<string, string | undefined>>

/**
 * A secret of the environment; undefined where none is set. One that is set to nothing is a mistake, such as a variable that a
 * script could not fill: taken as it is, it would let in whoever shows nothing. Throws `UsageError`.
 */
export function secretIn(name: string, environment: Environment = process.env): string | undefined {
  const value = environment[name]
  if (value === undefined || value.trim() !== "") return value
  throw new UsageError(`${name} is set, but empty: give it a value, or unset it`)
}

/** The same where one is needed. Throws `UsageError`. */
export function requireSecret(name: string, environment: Environment = process.env): string {
  const value = secretIn(name, environment)
  if (value === undefined) throw new UsageError(`set ${name}`)
  return value
}
