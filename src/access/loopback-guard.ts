// Without keys only this machine may use the server: no web page of another origin, no name that points here, no local
// proxy opens it by accident. Knows headers, not channels.
import { LabaError } from "../../wire/error.ts"

/** A proxy adds one of these; a local proxy would let the whole network in. */
const forwardingHeaders = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] as const

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/** Whether a host, with or without a port, is this machine. */
export const isLoopbackHost = (host: string): boolean => loopbackHost.test(host)

/** Addresses to listen at that only this machine reaches. */
export const isLoopbackAddress = (address: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1|\[::1\])$/i.test(address)

/** Throws `foreign_origin` unless the request comes from a program or a page on this machine. */
export function guardLoopback(headers: Headers): void {
  const host = headers.get("host")
  if (host !== null && !loopbackHost.test(host)) {
    throw refuse(
      `The Host is ${printable(host)}, not this machine. A name that points here could belong to anybody.`,
    )
  }
  const origin = headers.get("origin")
  // `null` is what a sandboxed page or a file sends: anybody's page.
  if (origin !== null && !loopbackHost.test(origin.replace(/^https?:\/\//i, ""))) {
    throw refuse(`The page comes from ${printable(origin)}, not from this machine.`)
  }
  for (const name of forwardingHeaders) {
    if (headers.has(name)) throw refuse(`The header ${name} says that a proxy passed this on.`)
  }
}

const refuse = (what: string): LabaError =>
  new LabaError("foreign_origin", `${what} Start Laba with --open to let everybody in.`)

const printable = (text: string): string => JSON.stringify(text.slice(0, 100))
