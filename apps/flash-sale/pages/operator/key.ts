// The operator's key: from the address that the shop printed, from this tab's memory, or typed in. It is sent as a bearer
// token, never as a cookie, so no other page can act with it.
import { remembered } from "../remembered.ts"

const name = "operator"

/** The key in the page's address, or null. */
export function keyInAddress(): string | null {
  const inAddress = new URLSearchParams(location.hash.slice(1)).get("key")
  if (inAddress) {
    remembered("session").set(name, inAddress)
    // Not left where shoulders and screenshots find it.
    history.replaceState(null, "", location.pathname)
  }
  return inAddress
}

/** The key that is known, or null. */
export const knownKey = (): string | null => keyInAddress() ?? remembered("session").get(name)

export const keepKey = (key: string): void => remembered("session").set(name, key)

export const forgetKey = (): void => remembered("session").forget(name)
