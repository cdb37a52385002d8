// Whether a request was made on this machine, for this machine.
import { askedUrl } from "../../house/asked-url.ts"
import { isLoopbackHost } from "../../house/loopback-host.ts"
import type { Call } from "./desk.ts"

/** What proxies add. One that adds nothing and rewrites the Host cannot be told from a program here. */
const addedByProxies =
  /^(forwarded|via|x-forwarded-.+|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/

/** False also for what a proxy on this machine has passed on for somebody else. */
export function isLocalRequest({ request, address }: Pick<Call, "request" | "address">): boolean {
  const host = askedUrl(request)?.hostname ?? ""
  if (!isLoopbackHost(host) || !isLoopbackHost(address)) return false
  return ![...request.headers.keys()].some((name) => addedByProxies.test(name))
}
