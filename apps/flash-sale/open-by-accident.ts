// Nobody sells to the world by accident what was started to be tried out: a shop that others can reach has a login that asks for more
// than a name, and a payment provider that takes money; or somebody has said that it is open.
import { isLoopbackAddress, isLoopbackHost } from "laba"
import { UsageError } from "../kit/command/command-line.ts"

interface Reach {
  readonly host: string
  readonly publicUrl?: string | undefined
  /** Somebody has said that everybody may. */
  readonly open: boolean
}

/** What everybody could do who reaches it; false is what is not so. */
type Openings = readonly (string | false)[]

/** Throws `UsageError` for what others can reach and nobody has called open. */
export function refuseOpenByAccident({ host, publicUrl, open }: Reach, openings: Openings): void {
  const where = isLoopbackAddress(host) ? publicUrl : host
  if (open || where === undefined || isLoopbackHost(URL.parse(where)?.host ?? "")) return
  const found = openings.filter((each) => each !== false)
  if (found.length > 0)
    throw new UsageError(
      `others can reach ${where}, and ${found.join("; ")}; add --open if that is meant, or listen at 127.0.0.1`,
    )
}

export const openPayments = "anybody could pay without money at the simulator (--payments names a provider)"
export const openLogin = "anybody could log in as anybody (--jwt-issuer names who logs people in)"
