// What a SockJS service says of itself, before any session.
import { randomBytes } from "node:crypto"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import type { Endpoint } from "../endpoint.ts"
import { answer, noCache } from "./answer.ts"

/** A preflight is asked once a year, as every SockJS server has it. */
const preflightSeconds = 31_536_000

/** GET <service> */
export const greet: Endpoint = (_context, request) =>
  answer(request, "Welcome to SockJS!\n", { type: "text/plain; charset=UTF-8", cache: null })

/** GET <service>/info. No cookie is needed: sessions are found by their paths. */
export function tellInfo(_context: ApiContext, request: ApiRequest): Response {
  const info = {
    websocket: true,
    origins: ["*:*"],
    cookie_needed: false,
    // Random bits for clients that have none.
    entropy: randomBytes(4).readUInt32LE(),
  }
  return answer(request, JSON.stringify(info), { type: "application/json; charset=UTF-8", cache: noCache })
}

/** OPTIONS of an address that takes this method. Who may is said by the router, as in every answer. */
export const optionsOf =
  (method: "GET" | "POST"): Endpoint =>
  (_context, request) => {
    const asked = request.raw.headers.get("access-control-request-headers")
    return answer(request, null, {
      status: 204,
      cache: `public, max-age=${preflightSeconds}`,
      more: {
        Expires: new Date(Date.now() + preflightSeconds * 1000).toUTCString(),
        "Access-Control-Allow-Methods": `OPTIONS, ${method}`,
        "Access-Control-Max-Age": String(preflightSeconds),
        ...(asked !== null && { "Access-Control-Allow-Headers": asked }),
      },
    })
  }
