// Sessions that live on this node: found by their ids, polled, and given commands; for a request here or for another node.
import { LabaError } from "../../../wire/error.ts"
import type { SessionAnswer, SessionRequest } from "../../cluster/nodes.ts"
import { type Command, decodeFrames } from "../../protocols/laba/commands.ts"
import { PolledSession } from "../../transports/session/polled-session.ts"
import { StreamedSession } from "../../transports/session/streamed-session.ts"
import type { ApiContext } from "../api-context.ts"
import { decodeUtf8 } from "../body/payload.ts"
import { parseListenQuery } from "../listen-query.ts"

/** Commands of one POST, most far smaller than the largest message. */
const commandsMax = 64

export type SessionContext = Pick<ApiContext, "connections" | "limits">

/** The same for a session that lives here, asked by the node where the request came in. */
export async function runSessionRequest(
  context: SessionContext,
  { method, id, search, body }: SessionRequest,
): Promise<SessionAnswer> {
  if (method === "GET") return { status: 200, body: await pollLocal(context, { id, search }) }
  const session = findSession(context, id)
  if (method === "DELETE") session.leave()
  else runCommands(session, Buffer.from(body, "base64"))
  return { status: method === "DELETE" ? 204 : 202, body: null }
}

/** The next frames, held while there are none. Throws `bad_query` and `gone`. */
export async function pollLocal(
  context: SessionContext,
  { id, search }: Pick<SessionRequest, "id" | "search">,
  signal?: AbortSignal,
): Promise<string> {
  const session = findPolled(context, id)
  if (!(session instanceof PolledSession)) throw notPolled()
  const wait = parseListenQuery(search, context.limits).wait ?? 0
  const answer = session.poll(ackIn(search), wait * 1000)
  if (typeof answer === "string") return answer
  const abandon = (): void => session.abandonPoll()
  signal?.addEventListener("abort", abandon, { once: true })
  const body = await answer
  signal?.removeEventListener("abort", abandon)
  return body
}

export function findSession(context: SessionContext, id: string): StreamedSession | PolledSession {
  const connection = context.connections.find(id)
  if (connection instanceof StreamedSession || connection instanceof PolledSession) return connection
  throw new LabaError("gone", "There is no such session here; open a new one and resume by the cursors.")
}

/** Whose last frame is still to be fetched is found, too. */
export function findPolled(context: SessionContext, id: string): StreamedSession | PolledSession {
  const retired = context.connections.findRetired(id)
  return retired instanceof PolledSession ? retired : findSession(context, id)
}

export const notPolled = (): LabaError =>
  new LabaError("bad_query", "A streamed session is not polled, and a polled one is not streamed.")

function ackIn(search: string): number {
  const match = /[?&]ack=(0|[1-9]\d{0,14})(?:&|$)/.exec(search)
  if (match) return Number(match[1])
  throw new LabaError("bad_query", "`ack` is the number of the last frame you have.")
}

/** Has the session carry out what was posted. Throws `bad_json`, `bad_utf8`, `bad_frame` and `too_many_requests`. */
export function runCommands({ commands }: StreamedSession | PolledSession, bytes: Uint8Array): void {
  try {
    commands.add(framesOf(bytes), bytes.length)
  } catch (error) {
    commands.refused(bytes.length)
    throw error
  }
}

function framesOf(bytes: Uint8Array): Command[] {
  const text = decodeUtf8(bytes)
  if (text === null) throw new LabaError("bad_utf8", "Commands are JSON in UTF-8, and this is not.")
  return decodeFrames(text, commandsMax)
}
