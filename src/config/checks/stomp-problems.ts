// What is wrong with the configuration of STOMP that no shape tells.
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import { parsePattern } from "../../channels/pattern.ts"
import type { Problem } from "../config-error.ts"
import { patternProblem } from "./pattern-problem.ts"

interface StompChecked {
  readonly stomp: { readonly paths: readonly string[] }
  readonly channels: Readonly<Record<string, unknown>>
}

export function stompProblems({ stomp, channels }: StompChecked): Problem[] {
  const patterns = Object.keys(channels).flatMap((pattern) => patternTexts(pattern))
  return stomp.paths.flatMap((given, index): Problem[] => {
    const path = ["stomp", "paths", index]
    const problem = pathProblem(given)
    if (problem !== null) return [{ path, message: problem }]
    if (patterns.includes(given)) return [{ path, message: "has a rule among `channels`, and is no channel" }]
    return []
  })
}

function pathProblem(given: string): string | null {
  try {
    const channel = parseChannel(given, "body")
    return channel === given ? null : `must be written ${channel}`
  } catch (error) {
    if (error instanceof LabaError) return error.detail
    throw error
  }
}

function patternTexts(pattern: string): string[] {
  // What is no pattern is told where patterns are checked.
  return patternProblem(pattern) === null ? [parsePattern(pattern).text] : []
}
