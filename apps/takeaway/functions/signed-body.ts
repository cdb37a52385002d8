// The body of a call to one of our functions, once it is sure that our Laba has made the call.
import { verifySignature } from "laba"
import type { AppRequest } from "../../kit/http/app-request.ts"
import { Problem } from "../../kit/http/problem.ts"
import type { Takeaway } from "../http/takeaway.ts"

/** Throws a `Problem` unless it is signed with the secret that only the two of us have (docs/PROTOCOL.md, H). */
export async function signedBody({ secrets, clock }: Takeaway, { request }: AppRequest): Promise<string> {
  const body = await request.text()
  if (verifySignature({ headers: request.headers, body }, { secret: secrets.hooks, nowMs: clock() }))
    return body
  throw new Problem(401, "not_signed", "This is for our own Laba.")
}
