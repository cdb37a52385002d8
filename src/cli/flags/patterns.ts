// Patterns of channels in a flag's value.
import { parsePattern } from "../../channels/pattern.ts"
import { UsageError } from "../command.ts"

/** Divided by spaces, which no pattern holds. */
export function readPatterns(flag: string, text: string | undefined): string[] {
  const patterns = (text ?? "").split(/\s+/).filter(Boolean)
  for (const pattern of patterns) {
    try {
      parsePattern(pattern)
    } catch (error) {
      throw new UsageError(`--${flag}: ${(error as Error).message.replace(/^bad_channel: /, "")}`)
    }
  }
  return patterns
}
