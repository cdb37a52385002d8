// What is wrong with the configuration of channels and limits beyond its shape.
import type { Limits } from "../../../wire/limits.ts"
import { parsePattern } from "../../channels/pattern.ts"
import type { Problem } from "../config-error.ts"
import type { ConfigOutput } from "../schema/config-schema.ts"
import { patternProblem } from "./pattern-problem.ts"

export const channelProblems = (config: ConfigOutput): Problem[] => [
  ...limitProblems(config.limits),
  ...patternProblems(config),
  ...historyProblems(config),
]

function patternProblems({ channels }: ConfigOutput): Problem[] {
  const problems: Problem[] = []
  const spellings = new Map<string, string>()
  for (const pattern of Object.keys(channels)) {
    const path = ["channels", pattern]
    const message = patternProblem(pattern)
    if (message !== null) {
      problems.push({ path, message })
      continue
    }
    const { text } = parsePattern(pattern)
    const other = spellings.get(text)
    if (other !== undefined) problems.push({ path, message: `is the same pattern as "${other}"` })
    spellings.set(text, pattern)
  }
  return problems
}

function historyProblems({ channels, limits }: ConfigOutput): Problem[] {
  return Object.entries(channels).flatMap(([pattern, { history }]) => {
    if (history === "none" || (history.bytes ?? 0) <= limits.historyBytesMax) return []
    const message = `is more than all channels of a node keep together: limits.historyBytesMax is ${limits.historyBytesMax} bytes`
    return [{ path: ["channels", pattern, "history", "bytes"], message }]
  })
}

function limitProblems(limits: Limits): Problem[] {
  const problems: Problem[] = []
  const add = (limit: keyof Limits, message: string): void =>
    void problems.push({ path: ["limits", limit], message })
  if (limits.outboxBytesMax < limits.messageBytesMax)
    add(
      "outboxBytesMax",
      `is less than limits.messageBytesMax (${limits.messageBytesMax} bytes): one message would make every reader slow`,
    )
  if (limits.unacknowledgedPerNodeMax < limits.unacknowledgedMax)
    add(
      "unacknowledgedPerNodeMax",
      `is less than limits.unacknowledgedMax (${limits.unacknowledgedMax}): no subscription could have as many as that`,
    )
  if (limits.unacknowledgedBytesPerNodeMax < limits.messageBytesMax)
    add(
      "unacknowledgedBytesPerNodeMax",
      `is less than limits.messageBytesMax (${limits.messageBytesMax} bytes): not one message could wait`,
    )
  return problems
}
