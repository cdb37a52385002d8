// Reads off a request where it comes from, for limits: from the connection, or where a proxy stands before the shop, from
// the header that it sets. A header that nobody has named is not believed.
import { lastEntry, networkOf } from "../../admission/address.ts"

/** The network that a request comes from; null is this machine, which is not limited. */
export type AddressOf = (request: Request) => string | null

interface AddressOptions {
  /** Where we listen. */
  readonly host: string
  /** What the proxy before us writes the address into, if one stands there. */
  readonly header: string | null
  /** The other end of the connection. Asking for it takes a microsecond. */
  readonly peer: (request: Request) => string | undefined
}

export function addressReader({ host, header, peer }: AddressOptions): AddressOf {
  // Nobody but this machine gets here, so nobody is asked after.
  if (header === null && networkOf(host) === null) return () => null
  return (request) => {
    const named = header === null ? null : request.headers.get(header)
    const address = (named === null ? null : lastEntry(named)) ?? peer(request)
    return address === undefined ? null : networkOf(address)
  }
}

/** In which a thread at the front tells the shop's where a request that it passes on comes from. */
export const passedAddressHeader = "flash-sale-address"

/** Behind a front nobody else reaches the shop's own port from outside, so its word is taken. */
export const passedAddress: AddressOf = ({ headers }) => headers.get(passedAddressHeader)
