// Where a request comes from, as far as limits go: the network that somebody could take any address of, as text.
import { isIPv4, isIPv6 } from "node:net"
import { addressGroupOf } from "laba"

/** What is counted as one: an IPv4 address, or a /64 of IPv6, which is what one line gets. Null is this machine itself. */
export function networkOf(address: string): string | null {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "")
  if (isIPv4(plain)) return plain.startsWith("127.") ? null : plain
  const [bare = ""] = plain.replace(/^\[|\]$/g, "").split("%")
  if (!isIPv6(bare)) return plain.slice(0, textMax)
  return bare === "::1" ? null : addressGroupOf(bare)
}

/** What is no address is counted by its beginning: whoever sends it has one name the more, not a million. */
const textMax = 64

/** The last entry of a list that each proxy adds to: the only one that our own has written. */
export function lastEntry(list: string): string | null {
  const entry = list.slice(list.lastIndexOf(",") + 1).trim()
  // Some proxies add the port.
  const bare =
    /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(entry)?.[1] ?? /^\[(.+)\](?::\d+)?$/.exec(entry)?.[1] ?? entry
  return bare === "" ? null : bare
}
