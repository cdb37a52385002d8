// What is wrong with the configuration of STOMP that no shape tells.
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Problem } from "../config-error.ts"
import { patternText } from "./pattern-problem.ts"

interface StompChecked {
  readonly stomp: { readonly paths: readonly string[]; readonly tcp?: number | undefined }
  readonly listen: { readonly port: number }
  readonly channels: Readonly<Record<string, unknown>>
}

export function stompProblems({ stomp, listen, channels }: StompChecked): Problem[] {
  const patterns = Object.keys(channels).map(patternText)
  const inPaths = stomp.paths.flatMap((given, index): Problem[] => {
    const path = ["stomp", "paths", index]
    const problem = pathProblem(given)
    if (problem !== null) return [{ path, message: problem }]
    if (stomp.paths.indexOf(given) < index) return [{ path, message: `${given} is there twice` }]
    if (patterns.includes(given)) return [{ path, message: "has a rule among `channels`, and is no channel" }]
    return []
  })
  if (!stomp.tcp || stomp.tcp !== listen.port) return inPaths
  return [...inPaths, { path: ["stomp", "tcp"], message: "is the port of `listen` already" }]
}

function pathProblem(given: string): string | null {
  if (given.includes("*")) return "is one path and no pattern: each is named"
  try {
    const channel = parseChannel(given, "body")
    return channel === given ? null : `must be written ${channel}`
  } catch (error) {
    if (error instanceof LabaError) return error.detail
    throw error
  }
}
