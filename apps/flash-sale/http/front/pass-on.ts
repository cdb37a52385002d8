// Passes a request on to the shop's own address, and its answer back, unchanged.
import { startingPage } from "../../../kit/http/starting-page.ts"
import { passedAddressHeader } from "./client-address.ts"
import { problem } from "../answers.ts"
import { bytesOf } from "../body.ts"

/** Headers that are about one connection, and not about what travels on it (RFC 9110, 7.6.1). */
const ofConnection = ["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"] as const

/** A longer answer is passed on as it comes. */
const wholeBytesMax = 1_048_576

/** Rejects with a problem for a body that is too large. */
export async function passOn(
  request: Request,
  shopUrl: string,
  address: string | null = null,
): Promise<Response> {
  const { url, method } = request
  const isRead = method === "GET" || method === "HEAD"
  const body = isRead ? null : await bytesOf(request)
  const headers = new Headers(request.headers)
  for (const name of ofConnection) headers.delete(name)
  if (address === null) headers.delete(passedAddressHeader)
  else headers.set(passedAddressHeader, address)
  // What the client does not read must not be chosen for it.
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity")
  const path = url.slice(url.indexOf("/", url.indexOf("://") + 3))
  let answer: Response
  try {
    answer = await fetch(shopUrl + path, { method, headers, body, redirect: "manual", decompress: false })
  } catch {
    const starts = { headers: { "Retry-After": "1" } }
    return startingPage(request) ?? problem(503, "starting", "The shop does not answer right now.", starts)
  }
  const answered = new Headers(answer.headers)
  for (const name of ofConnection) answered.delete(name)
  const length = Number(answered.get("content-length") ?? Number.NaN)
  const whole = length <= wholeBytesMax ? await answer.arrayBuffer() : answer.body
  return new Response(method === "HEAD" || answer.status === 304 ? null : whole, {
    status: answer.status,
    headers: answered,
  })
}
