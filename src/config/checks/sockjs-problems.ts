// What a shape cannot say about SockJS: which paths may be its, and what each carries.
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import type { SockJsCarries, SockJsConfig } from "../../http/sockjs/sockjs-config.ts"
import type { Problem } from "../config-error.ts"
import { patternText } from "./pattern-problem.ts"
import type { SockJsOutput } from "../schema/sockjs-schema.ts"

interface SockJsChecked {
  readonly sockjs: Pick<SockJsOutput, "paths">
  readonly stomp: { readonly paths: readonly string[] }
  readonly channels: Readonly<Record<string, unknown>>
}

export function sockJsProblems({ sockjs: { paths }, stomp, channels }: SockJsChecked): Problem[] {
  const names = Object.keys(paths)
  /** The path that a name is at or below. */
  const outerOf = (name: string): string | undefined => names.find((path) => isWithin(name, path))
  const inPaths = Object.entries(paths).flatMap(([name, given]): Problem[] => {
    const path = ["sockjs", "paths", name]
    const wrong = nameProblem(name)
    if (wrong !== null) return [{ path, message: wrong }]
    const outer = names.find((other) => name.startsWith(`${other}/`))
    if (outer !== undefined)
      return [{ path, message: `is below ${JSON.stringify(outer)}, where every path is a session's` }]
    if (typeof given === "string") return []
    const { protocol, channel } = given
    if (protocol !== "raw")
      return channel === undefined
        ? []
        : [{ path: [...path, "channel"], message: `means something with "raw" only` }]
    if (channel === undefined)
      return [{ path: [...path, "channel"], message: 'is missing: with "raw" a session has one channel' }]
    const why = channel.includes("*") ? "is one channel and no pattern" : nameProblem(channel)
    if (why !== null) return [{ path: [...path, "channel"], message: why }]
    const within = outerOf(channel)
    return within === undefined
      ? []
      : [{ path: [...path, "channel"], message: `is below ${JSON.stringify(within)}, which is SockJS's own` }]
  })
  const rules = Object.keys(channels).flatMap((pattern): Problem[] => {
    const outer = outerOf(patternText(pattern))
    if (outer === undefined) return []
    return [
      {
        path: ["channels", pattern],
        message: `is a rule for nothing: ${outer} is a path of SockJS (sockjs.paths), and no channel is there or below it`,
      },
    ]
  })
  const stompPaths = stomp.paths.flatMap((given, index): Problem[] => {
    const outer = outerOf(given)
    // The same path in both is a page of Spring's, with and without SockJS.
    if (outer === undefined || outer === given) return []
    const message =
      given === `${outer}/websocket`
        ? `is served by sockjs.paths ${outer} already: leave it out`
        : `is below ${outer}, where every path is SockJS's (sockjs.paths)`
    return [{ path: ["stomp", "paths", index], message }]
  })
  return [...inPaths, ...rules, ...stompPaths]
}

const isWithin = (name: string, path: string): boolean => name === path || name.startsWith(`${path}/`)

/** After `sockJsProblems` found none. */
export function sockJsConfigOf({ paths, oldTransports, clientScript }: SockJsOutput): SockJsConfig {
  return {
    oldTransports,
    clientScript: clientScript ?? null,
    paths: new Map(
      Object.entries(paths).map(([name, given]): [string, SockJsCarries] => {
        if (typeof given === "string") return [name, { protocol: given }]
        return given.protocol === "raw"
          ? [name, { protocol: "raw", channel: parseChannel(given.channel as string, "body") }]
          : [name, { protocol: given.protocol }]
      }),
    ),
  }
}

/** Paths are compared as they come, so only one spelling can be configured. */
function nameProblem(text: string): string | null {
  if (text.includes("*"))
    return "is one path and no pattern: each is named, and everything below it is SockJS's"
  try {
    const name = parseChannel(text, "body")
    return name === text ? null : `must be spelt ${JSON.stringify(name)}`
  } catch (error) {
    if (error instanceof LabaError) return error.detail
    throw error
  }
}
