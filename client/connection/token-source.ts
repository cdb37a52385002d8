// Where tokens come from: the application's function, whatever it gives or throws.
import { LabaFailure, makeReason, type Reason } from "../reason.ts"

/** Gives the token for the next connection or the next refresh; null connects without one. */
export type TokenSource = () => string | null | Promise<string | null>

/** Calls the application's function; what it throws becomes a rejection, and what is no token too. */
export async function tokenFrom(source: TokenSource): Promise<string | null> {
  const token: unknown = await source()
  // A function that forgot to look at the status gives undefined: to send that would be to be refused for good.
  if (token === null || (typeof token === "string" && token !== "")) return token
  throw new TypeError(
    `the token function gave ${token === "" ? "an empty text" : typeof token}, not a token or null`,
  )
}

/** Why there is no connection when the function failed: what it says itself, where it throws a `LabaFailure`. */
export const reasonOfToken = (error: unknown): Reason =>
  error instanceof LabaFailure ? error : makeReason("token_failed", "back-off", String(error))
