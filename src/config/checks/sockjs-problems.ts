// What a shape cannot say about SockJS: which paths may be its, and what each carries.
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import type { SockJsCarries, SockJsConfig } from "../../http/sockjs/sockjs-config.ts"
import type { Problem } from "../config-error.ts"
import type { SockJsOutput } from "../schema/sockjs-schema.ts"

export function sockJsProblems({ paths }: SockJsOutput): Problem[] {
  const names = Object.keys(paths)
  return Object.entries(paths).flatMap(([name, given]): Problem[] => {
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
    const why = nameProblem(channel)
    if (why !== null) return [{ path: [...path, "channel"], message: why }]
    const within = names.find((other) => channel === other || channel.startsWith(`${other}/`))
    return within === undefined
      ? []
      : [{ path: [...path, "channel"], message: `is below ${JSON.stringify(within)}, which is SockJS's own` }]
  })
}

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
  try {
    const name = parseChannel(text, "body")
    return name === text ? null : `must be spelt ${JSON.stringify(name)}`
  } catch (error) {
    if (error instanceof LabaError) return error.detail
    throw error
  }
}
