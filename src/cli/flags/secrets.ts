// How commands take a secret from the environment: not by flags, which are in the shell's history and in every list of
// processes.
import { isEmptySecret } from "../../reactions/webhook-signature.ts"
import { UsageError } from "../command.ts"

type Environment = Readonly<Record<string, string | undefined>>

/**
 * A secret of the environment; undefined where none is set. One that is set to nothing is a mistake, such as a variable that a
 * script could not fill: taken as it is, it would sign with nothing, or go unasked where a key was meant. Throws `UsageError`.
 */
export function secretIn(name: string, environment: Environment = process.env): string | undefined {
  const value = environment[name]
  if (value === undefined || value.trim() !== "") return value
  throw new UsageError(`${name} is set, but empty: give it a value, or unset it`)
}

/** The key or token that a command shows to the server. Throws `UsageError`. */
export const credential = (): string | undefined => secretIn("LABA_CREDENTIAL")

/** What signs the calls of a webhook. Throws `UsageError`, also for a `whsec_` with nothing behind it. */
export function webhookSecret(environment: Environment = process.env): string | undefined {
  const secret = secretIn("LABA_WEBHOOK_SECRET", environment)
  if (secret === undefined || !isEmptySecret(secret)) return secret
  throw new UsageError("LABA_WEBHOOK_SECRET holds no key behind its whsec_")
}
