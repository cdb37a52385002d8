// Whose address a request came from, seen through the proxies that are trusted. Others may write into
// `X-Forwarded-For` what they like; they name only themselves.
import { BlockList, isIP } from "node:net"

/** A list as long as this was not made by proxies that somebody runs. */
const hopsMax = 32

/** Why a text is no network such as `10.0.0.0/8` or `fd00::/8` or one address; null when it is one. */
export function networkProblem(text: string): string | null {
  const parsed = readNetwork(text)
  return typeof parsed === "string" ? parsed : null
}

interface Network {
  readonly address: string
  readonly bits: number
  readonly family: "ipv4" | "ipv6"
}

function readNetwork(text: string): Network | string {
  const [address = "", bits, ...rest] = text.split("/")
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return "is no address and no network such as 10.0.0.0/8"
  const most = version === 4 ? 32 : 128
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most))
    return `has a number of bits that is not 0 to ${most}`
  return { address, bits: bits === undefined ? most : Number(bits), family: version === 4 ? "ipv4" : "ipv6" }
}

/** The proxies in front of this server. */
export class TrustedProxies {
  private readonly trusted: BlockList | null

  /** Networks as `networkProblem` lets them pass. */
  constructor(networks: readonly string[]) {
    this.trusted = networks.length === 0 ? null : new BlockList()
    for (const text of networks) {
      const network = readNetwork(text)
      if (typeof network !== "string") this.trusted?.addSubnet(network.address, network.bits, network.family)
    }
  }

  /**
   * The client's address. From the right, since each proxy adds whom it heard at the end: the first one that is no
   * trusted proxy is the client, and what stands before it only the client's word. An entry that is no address ends the
   * walk at the proxy that wrote it.
   */
  clientOf(peer: string, headers: Headers): string {
    return this.walk(peer, headers).address
  }

  /**
   * The address that a client is counted by; null for this machine's own, which is not counted. Clients whose proxy does not
   * know their address count together, as the proxy: they come from elsewhere, whatever its own address is.
   */
  countedAddressOf(peer: string, headers: Headers): string | null {
    const { address, isKnown } = this.walk(peer, headers)
    return address === "" || (isKnown && isOwnMachine(address)) ? null : address
  }

  private walk(peer: string, headers: Headers): { readonly address: string; readonly isKnown: boolean } {
    if (this.trusted === null || !this.trusts(peer)) return { address: plainAddress(peer), isKnown: true }
    let client = peer
    const hops = headers.get("x-forwarded-for")?.split(",").slice(-hopsMax) ?? []
    for (const hop of hops.reverse()) {
      const address = bare(hop.trim())
      if (isIP(address) === 0) return { address: plainAddress(client), isKnown: false }
      client = address
      if (!this.trusts(address)) break
    }
    return { address: plainAddress(client), isKnown: true }
  }

  /** Whether it is a proxy's address. */
  trusts(address: string): boolean {
    const known = plainAddress(address)
    const version = isIP(known)
    return version !== 0 && this.trusted?.check(known, version === 4 ? "ipv4" : "ipv6") === true
  }
}

/** Without the port and brackets that some proxies add. */
function bare(hop: string): string {
  const match = /^\[([^\]]+)\](?::\d+)?$/.exec(hop) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)
  return match?.[1] ?? hop
}

/**
 * An IPv4 address that came over an IPv6 socket, or that a proxy spells as one of IPv6, is the IPv4 address: all of them are in one /64, and
 * would count together.
 */
export function plainAddress(address: string): string {
  if (!/ffff:/i.test(address)) return address
  const dotted = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "")
  if (isIP(dotted) !== 6 || dotted.includes("%")) return dotted
  const [, high, low] =
    /^\[::ffff:([\da-f]+):([\da-f]+)\]$/.exec(new URL(`http://[${address}]`).hostname) ?? []
  if (high === undefined || low === undefined) return address
  const bits = [high, low].map((half) => Number.parseInt(half, 16))
  return bits.flatMap((half) => [half >> 8, half & 255]).join(".")
}

/** What one subscriber of a provider has: an IPv4 address, or the first 64 bits of an IPv6 one, within which they are free to move. */
export function addressGroupOf(given: string): string {
  const address = plainAddress(given)
  if (!address.includes(":")) return address
  const [head = "", tail] = address.toLowerCase().replace(/%.*$/, "").split("::", 2)
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`
}

/** Whether a peer's address is this machine's own. */
export const isThisMachine = (peer: string): boolean => isOwnMachine(plainAddress(peer))

const isOwnMachine = (address: string): boolean => address === "::1" || address.startsWith("127.")
