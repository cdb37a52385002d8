// Which names are ours in a Host header. A name of somebody else's that leads here could be anybody's, and a page under it would
// count as ours (DNS rebinding); an address cannot be lent.
import { isIP } from "node:net"
import { hostname } from "node:os"
import { isLoopbackAddress, isLoopbackHost } from "laba"

export interface OwnHostsOptions {
  /** Where we listen. */
  readonly host: string
  /** Where browsers find us, behind a proxy or under a name. */
  readonly publicUrl?: string | undefined
}

/** A name or an address, with a port or not. Nothing else of a Host gets into a policy or a link. */
const grammar = /^(?:[a-z\d.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i

/** Hosts that are remembered: a few are asked for all the time, and the rest is somebody who tries. */
const knownMax = 64

/** Tells whether a Host header names us. A request without one asks for whom it has reached. */
export function ownHosts({ host, publicUrl }: OwnHostsOptions): (header: string | null) => boolean {
  const isLocal = isLoopbackAddress(host)
  const machine = hostname().toLowerCase()
  const names = new Set(isLocal ? [] : [host.toLowerCase(), machine, `${machine}.local`])
  if (publicUrl !== undefined) names.add(new URL(publicUrl).hostname)
  const isOurs = (given: string): boolean => {
    const name = grammar.test(given) ? URL.parse(`http://${given}`)?.hostname : undefined
    if (name === undefined) return false
    if (isLoopbackHost(name) || names.has(name)) return true
    return !isLocal && isIP(name.replace(/^\[|\]$/g, "")) !== 0
  }
  const known = new Map<string, boolean>()
  return (header) => {
    if (header === null) return true
    let answer = known.get(header)
    if (answer === undefined) {
      answer = isOurs(header)
      if (known.size < knownMax) known.set(header, answer)
    }
    return answer
  }
}
