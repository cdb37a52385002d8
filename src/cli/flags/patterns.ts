// Patterns of channels in a flag's value.
import { patternProblem } from "../../config/checks/pattern-problem.ts"
import { UsageError } from "../command.ts"

/** Divided by spaces, which no pattern holds. */
export function readPatterns(flag: string, text: string | undefined): string[] {
  const patterns = (text ?? "").split(/\s+/).filter(Boolean)
  for (const pattern of patterns) {
    const problem = patternProblem(pattern)
    if (problem !== null) throw new UsageError(`--${flag}: ${problem}`)
  }
  return patterns
}
