// POST …/xhr_send: an array of messages from a session's client.
import { BadMessages, readMessages } from "../../protocols/sockjs/frames.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { readBytes } from "../body/body-bytes.ts"
import { decodeUtf8 } from "../body/payload.ts"
import { answer, badPayload, noCache, noSession } from "./answer.ts"
import { claimIn } from "./claimed-session.ts"

/** A client puts all that it has into one POST while another is under way. */
const bodyBytesMax = 512 * 1024

/** A JSON string may need six bytes for one of a message (`\u0000`). */
const escapedFactor = 6

export async function sendByXhr(context: ApiContext, request: ApiRequest): Promise<Response> {
  const text = await readBody(context, request)
  return takeMessages(context, request, text, () =>
    answer(request, null, { status: 204, type: "text/plain; charset=UTF-8", cache: noCache }),
  )
}

/** What was posted, as text; null when it is no UTF-8. Throws `too_large`. */
export async function readBody({ limits }: ApiContext, { raw }: ApiRequest): Promise<string | null> {
  const bytesMax = Math.max(bodyBytesMax, limits.messageBytesMax * escapedFactor)
  return decodeUtf8(await readBytes(raw, bytesMax))
}

/** Has the session take what was posted. Throws why it does not. */
export async function takeMessages(
  context: ApiContext,
  request: ApiRequest,
  text: string | null,
  done: () => Response,
): Promise<Response> {
  context.access.origins.checkCause(request.raw.headers)
  if (text === "") return badPayload(request, "Payload expected.", "bad_body")
  if (text === null) return badPayload(request, "Broken JSON encoding.", "bad_utf8")
  let messages: readonly string[]
  try {
    messages = readMessages(text)
    if (!text.trimStart().startsWith("[")) throw new BadMessages(true)
  } catch (error) {
    if (!(error instanceof BadMessages)) throw error
    return badPayload(request, error.message, error.isJson ? "bad_body" : "bad_json")
  }
  const { sockjs } = context
  const { claim } = claimIn(context, request)
  const session = sockjs.find(claim)
  if (session === null) {
    const result = await sockjs.elsewhere.ask(context.nodes, claim, { action: "send", messages })
    if (!result.found || result.isTheirs === false) throw noSession()
    return done()
  }
  if (session === "not theirs" || session.closed) throw noSession()
  session.take(messages)
  return done()
}
