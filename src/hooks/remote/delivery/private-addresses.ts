// Which addresses a hook may connect to: public ones, and those that the operator has listed. A URL in a configuration, or a
// name that its owner points elsewhere later, must not reach what only this machine's network can reach.
import { BlockList, isIP } from "node:net"

/** Not public: RFC 6890 and its successors, with multicast and the addresses by which IPv6 carries IPv4. */
const specialNetworks: readonly (readonly [address: string, bits: number, family: "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 8, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["100::", 64, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["3fff::", 20, "ipv6"],
  ["5f00::", 16, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 9, "ipv6"],
  ["ff00::", 8, "ipv6"],
]

// One list for each family: in a common one an IPv4 address also counts as the IPv6 address that carries it.
const special = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const [address, bits, family] of specialNetworks) special[family].addSubnet(address, bits, family)

/** Addresses that were listed, made once of their texts. */
const listed = new WeakMap<readonly string[], typeof special>()

/** Whether an address may be connected to. `privateAddresses` are addresses and networks, checked with the configuration. */
export function mayConnect(address: string, privateAddresses: readonly string[]): boolean {
  const plain = embeddedIpv4(address) ?? address
  const version = isIP(plain)
  if (version === 0) return false
  const family = version === 4 ? "ipv4" : "ipv6"
  return !special[family].check(plain, family) || listOf(privateAddresses)[family].check(plain, family)
}

function listOf(networks: readonly string[]): typeof special {
  const known = listed.get(networks)
  if (known) return known
  const list = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const text of networks) {
    const [address = "", bits] = text.split("/")
    const family = isIP(address) === 4 ? "ipv4" : "ipv6"
    list[family].addSubnet(
      address,
      bits === undefined ? (family === "ipv4" ? 32 : 128) : Number(bits),
      family,
    )
  }
  listed.set(networks, list)
  return list
}

/** The IPv4 address that an IPv6 one stands for: mapped (`::ffff:0:0/96`) or behind a translator (`64:ff9b::/96`). */
function embeddedIpv4(address: string): string | null {
  if (isIP(address) !== 6) return null
  // The platform's own parser writes every spelling in one form.
  const host = URL.parse(`http://[${address.replace(/%.*$/, "")}]/`)?.hostname.slice(1, -1) ?? ""
  const match = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host)
  if (!match) return /^64:ff9b::[0-9a-f]{1,4}$/.test(host) || host === "64:ff9b::" ? "0.0.0.0" : null
  const [high, low] = [Number.parseInt(match[1] as string, 16), Number.parseInt(match[2] as string, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}
