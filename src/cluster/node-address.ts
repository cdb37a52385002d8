// Where a node can be called at, as others must be told: an address to listen at is often none to call.
import { networkInterfaces } from "node:os"

interface ListenAddress {
  readonly scheme: "http" | "https"
  readonly host: string
  readonly port: number
}

/** What `os.networkInterfaces` says of an address. */
interface InterfaceAddress {
  readonly address: string
  readonly family: string
  readonly internal: boolean
}

/**
 * The address to be called at: what was advertised, else where it listens; of a machine that listens everywhere the first
 * address that is not its own loop, which in a container is the container's.
 */
export function callAddress(
  advertise: string | null,
  { scheme, host, port }: ListenAddress,
  addresses: () => readonly InterfaceAddress[] = ownAddresses,
): string {
  if (advertise !== null) return advertise
  return `${scheme}://${inUrl(isEverywhere(host) ? firstOf(addresses(), host) : host)}:${port}`
}

const isEverywhere = (host: string): boolean => host === "0.0.0.0" || host === "::" || host === "[::]"

const inUrl = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host)

function firstOf(addresses: readonly InterfaceAddress[], host: string): string {
  // A link-local IPv6 address needs a zone, which means nothing to another machine.
  const usable = addresses.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
  const wanted = usable.find(({ family }) => family === "IPv4") ?? usable[0]
  return wanted?.address ?? (host === "0.0.0.0" ? "127.0.0.1" : "::1")
}

const ownAddresses = (): readonly InterfaceAddress[] =>
  Object.values(networkInterfaces()).flatMap((some) => some ?? [])
