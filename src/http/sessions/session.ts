// /_/session/<id>: the use of a session. Commands go up by POST, frames come down in the answers to polls. A session lives on
// one node, and every node takes requests for it. docs/PROTOCOL.md, N.
import { runOf, type SessionRequest } from "../../cluster/nodes.ts"
import { eventStreamType } from "../../protocols/server-sent-events.ts"
import { pollResponse } from "../../transports/poll/poll-answer.ts"
import { accepts } from "../accept.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { readBytes } from "../body/body-bytes.ts"
import { parseListenQuery } from "../listen-query.ts"
import { findPolled, findSession, notPolled, pollLocal, runCommands } from "./local-session.ts"

/** One POST of commands. */
const commandsBytesMax = 512 * 1024

/** Commands up to this size go to another node without asking it first: it is what an address and its query may carry, too. */
const unaskedBytesMax = 16 * 1024

/** How long another node may take to answer for a session, beside what it holds a poll for. */
const answerWithinMs = 3000

/** Where a session's own address begins; its id follows. */
export const sessionPrefix = "/_/session/"

/** GET /_/session/<id>?ack=n&wait=s: the next frames of a polled session. */
export async function pollSession(context: ApiContext, request: ApiRequest): Promise<Response> {
  const id = idIn(request)
  const isHere = runOf(id) === context.nodes.self
  if (isHere) findPolled(context, id)
  let wait: number
  try {
    if (accepts(request.raw.headers.get("accept"), eventStreamType)) throw notPolled()
    wait = parseListenQuery(request.search, context.limits).wait ?? 0
  } catch (error) {
    // That a session is gone is said before anything else is found wrong.
    if (!isHere) await context.nodes.call(runOf(id), "connection", { id })
    throw error
  }
  context.setTimeout(request.raw, Math.ceil(wait) + 5)
  if (isHere)
    return pollResponse(await pollLocal(context, { id, search: request.search }, request.raw.signal))
  return forward(context, { method: "GET", id, search: request.search, body: "" }, wait * 1000)
}

/** POST /_/session/<id>: one command, or an array of them. All are checked before any is carried out. */
export async function postCommands(context: ApiContext, request: ApiRequest): Promise<Response> {
  const id = idIn(request)
  const isHere = runOf(id) === context.nodes.self
  if (isHere) findSession(context, id)
  const bytes = await readBytes(request.raw, commandsBytesMax)
  if (!isHere) {
    // Anybody can make up an id, and it must not be them who fill the wire between the nodes.
    if (bytes.length > unaskedBytesMax) await context.nodes.call(runOf(id), "connection", { id })
    return forward(context, { method: "POST", id, search: "", body: Buffer.from(bytes).toString("base64") })
  }
  runCommands(findSession(context, id), bytes)
  return new Response(null, { status: 202 })
}

/** DELETE /_/session/<id> */
export function deleteSession(context: ApiContext, request: ApiRequest): Response | Promise<Response> {
  const id = idIn(request)
  if (runOf(id) !== context.nodes.self)
    return forward(context, { method: "DELETE", id, search: "", body: "" })
  findSession(context, id).leave()
  return new Response(null, { status: 204 })
}

/** A session lives where it was opened; that node is asked. Nothing is kept of it here, so any number of nodes may pass it on. */
async function forward({ nodes }: ApiContext, request: SessionRequest, heldMs = 0): Promise<Response> {
  const { status, body } = await nodes.call(runOf(request.id), "session", request, heldMs + answerWithinMs)
  return body === null ? new Response(null, { status }) : pollResponse(body)
}

const idIn = (request: ApiRequest): string => request.path.slice(sessionPrefix.length)
