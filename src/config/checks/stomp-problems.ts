// What is wrong with the configuration of STOMP that no shape tells.
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Problem } from "../config-error.ts"
import { patternText } from "./pattern-problem.ts"

interface StompChecked {
  readonly stomp: {
    readonly paths: readonly string[]
    readonly tcp?: number | undefined
    readonly proxyProtocol: boolean
  }
  readonly proxies: readonly string[]
  readonly tls?: unknown
  readonly listen: { readonly port: number }
  readonly channels: Readonly<Record<string, unknown>>
}

export function stompProblems({ stomp, listen, channels, proxies, tls }: StompChecked): Problem[] {
  const patterns = Object.keys(channels).map(patternText)
  const inPaths = stomp.paths.flatMap((given, index): Problem[] => {
    const path = ["stomp", "paths", index]
    const problem = pathProblem(given)
    if (problem !== null) return [{ path, message: problem }]
    if (stomp.paths.indexOf(given) < index) return [{ path, message: `${given} is there twice` }]
    if (patterns.includes(given)) return [{ path, message: "has a rule among `channels`, and is no channel" }]
    return []
  })
  const problems = [...inPaths]
  if (stomp.tcp && stomp.tcp === listen.port)
    problems.push({ path: ["stomp", "tcp"], message: "is the port of `listen` already" })
  const wrong = stomp.proxyProtocol ? proxyProtocolProblem(stomp.tcp, proxies, tls) : null
  if (wrong !== null) problems.push({ path: ["stomp", "proxyProtocol"], message: wrong })
  return problems
}

function proxyProtocolProblem(
  tcp: number | undefined,
  proxies: readonly string[],
  tls: unknown,
): string | null {
  if (tcp === undefined) return "is of use with `stomp.tcp` alone"
  if (proxies.length === 0) return "needs `proxies`: whose word it is that counts"
  if (tls !== undefined) return "cannot be read before TLS: let the proxy end TLS, and take `tls` away here"
  return null
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
