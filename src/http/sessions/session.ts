// /_/session: laba.v1 for networks that let no WebSocket through. Commands go up by POST, frames come down in a stream
// of events or in the answers to polls. docs/PROTOCOL.md, N.
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Welcome } from "../../hooks/hooks.ts"
import { runOf, type SessionAnswer, type SessionRequest } from "../../cluster/nodes.ts"
import { eventStreamType } from "../../protocols/events.ts"
import { type Command, decodeFrames } from "../../protocols/laba/commands.ts"
import { pollResponse } from "../../transports/poll/poll-answer.ts"
import { PolledSession } from "../../transports/session/polled-session.ts"
import { StreamedSession } from "../../transports/session/streamed-session.ts"
import { accepts } from "../accept.ts"
import type { Ask, Station } from "../api-request.ts"
import { readBytes } from "../body/body-bytes.ts"
import { enter } from "../admission.ts"
import { refuseWhileDraining } from "../handshake.ts"
import { decodeUtf8 } from "../body/payload.ts"
import { parseQuery } from "../listen-query.ts"
import { answerBy, goAwayStream } from "../channels/stream.ts"

/** One POST of commands: 64 of them, most far smaller than the largest message. */
const commandsBytesMax = 512 * 1024
const commandsMax = 64

/** Commands up to this size go to another node without asking it first: it is what an address and its query may carry, too. */
const unaskedBytesMax = 16 * 1024

/** How long another node may take to answer for a session, beside what it holds a poll for. */
const answerWithinMs = 3000

/** Where a session's own address begins; its id follows. */
export const sessionPrefix = "/_/session/"

/** GET /_/session: a streamed session. */
export async function streamSession(station: Station, ask: Ask): Promise<Response> {
  if (!accepts(ask.request.headers.get("accept"), eventStreamType)) {
    throw new LabaError(
      "not_acceptable",
      "Ask with `Accept: text/event-stream`; POST opens a session to be polled.",
    )
  }
  if (station.draining) return goAwayStream()
  const { shared } = station
  const number = shared.connections.reserve()
  const {
    said,
    user,
    guest: client,
    abandon,
  } = await enter(station, ask, {
    number,
    transport: "sse",
    protocol: "laba",
    channel: null,
    channels: [],
    readsHistory: false,
  })
  if (station.draining) return goAwayStream(abandon)
  const { request } = ask
  return answerBy(
    new StreamedSession({ context: shared, request, number, user, client, ...startOf(said) }),
    ask,
  )
}

/** POST /_/session: a session to be polled. */
export async function openPolledSession(station: Station, ask: Ask): Promise<Response> {
  refuseWhileDraining(station)
  const { shared } = station
  const number = shared.connections.reserve()
  const {
    said,
    user,
    guest: client,
    abandon,
  } = await enter(station, ask, {
    number,
    transport: "poll",
    protocol: "laba",
    channel: null,
    channels: [],
    readsHistory: false,
  })
  refuseWhileDraining(station, abandon)
  const session = new PolledSession({ context: shared, number, user, client, ...startOf(said) })
  const answer = pollResponse(session.firstAnswer())
  return new Response(answer.body, { status: 201, headers: answer.headers })
}

/** GET /_/session/<id>?ack=n&wait=s: the next frames of a polled session. */
export async function pollSession(station: Station, ask: Ask): Promise<Response> {
  const id = idIn(ask)
  const isHere = runOf(id) === station.nodes.self
  if (isHere) findPolled(station, id)
  let wait: number
  try {
    if (accepts(ask.request.headers.get("accept"), eventStreamType)) throw notPolled()
    wait = parseQuery(ask.search, station.shared.limits).wait ?? 0
  } catch (error) {
    // That a session is gone is said before anything else is found wrong.
    if (!isHere) await station.nodes.call(runOf(id), "connection", { id })
    throw error
  }
  station.shared.setTimeout(ask.request, Math.ceil(wait) + 5)
  if (isHere) return pollResponse(await poll(station, { id, search: ask.search }, ask.request.signal))
  return elsewhere(station, { method: "GET", id, search: ask.search, body: "" }, wait * 1000)
}

/** POST /_/session/<id>: one command, or an array of them. All are checked before any is carried out. */
export async function command(station: Station, ask: Ask): Promise<Response> {
  const id = idIn(ask)
  const isHere = runOf(id) === station.nodes.self
  if (isHere) find(station, id)
  const bytes = await readBytes(ask.request, commandsBytesMax)
  if (!isHere) {
    // Anybody can make up an id, and it must not be them who fill the wire between the nodes.
    if (bytes.length > unaskedBytesMax) await station.nodes.call(runOf(id), "connection", { id })
    return elsewhere(station, { method: "POST", id, search: "", body: Buffer.from(bytes).toString("base64") })
  }
  take(find(station, id), bytes)
  return new Response(null, { status: 202 })
}

/** DELETE /_/session/<id> */
export function leaveSession(station: Station, ask: Ask): Response | Promise<Response> {
  const id = idIn(ask)
  if (runOf(id) !== station.nodes.self)
    return elsewhere(station, { method: "DELETE", id, search: "", body: "" })
  find(station, id).leave()
  return new Response(null, { status: 204 })
}

/** The same for a session that lives here, asked by the node where the request came in. */
export async function carryOutSession(
  station: Station,
  { method, id, search, body }: SessionRequest,
): Promise<SessionAnswer> {
  if (method === "GET") return { status: 200, body: await poll(station, { id, search }) }
  const session = find(station, id)
  if (method === "DELETE") session.leave()
  else take(session, Buffer.from(body, "base64"))
  return { status: method === "DELETE" ? 204 : 202, body: null }
}

/** A session lives where it was opened; that node is asked. Nothing is kept of it here, so any number of nodes may pass it on. */
async function elsewhere(station: Station, request: SessionRequest, heldMs = 0): Promise<Response> {
  const { status, body } = await station.nodes.call(
    runOf(request.id),
    "session",
    request,
    heldMs + answerWithinMs,
  )
  return body === null ? new Response(null, { status }) : pollResponse(body)
}

/** The next frames, held while there are none. Throws `bad_query` and `gone`. */
async function poll(
  station: Station,
  { id, search }: Pick<SessionRequest, "id" | "search">,
  signal?: AbortSignal,
): Promise<string> {
  const session = findPolled(station, id)
  if (!(session instanceof PolledSession)) throw notPolled()
  const wait = parseQuery(search, station.shared.limits).wait ?? 0
  const answer = session.poll(ackIn(search), wait * 1000)
  if (typeof answer === "string") return answer
  const abandon = (): void => session.abandonPoll()
  signal?.addEventListener("abort", abandon, { once: true })
  const body = await answer
  signal?.removeEventListener("abort", abandon)
  return body
}

const idIn = (ask: Ask): string => ask.path.slice(sessionPrefix.length)

function find(station: Station, id: string): StreamedSession | PolledSession {
  const connection = station.shared.connections.find(id)
  if (connection instanceof StreamedSession || connection instanceof PolledSession) return connection
  throw new LabaError("gone", "There is no such session here; open a new one and resume by the cursors.")
}

/** Whose last frame is still to be fetched is found, too. */
function findPolled(station: Station, id: string): StreamedSession | PolledSession {
  const parting = station.shared.connections.findRetired(id)
  return parting instanceof PolledSession ? parting : find(station, id)
}

const notPolled = (): LabaError =>
  new LabaError("bad_query", "A streamed session is not polled, and a polled one is not streamed.")

function ackIn(search: string): number {
  const match = /[?&]ack=(0|[1-9]\d{0,14})(?:&|$)/.exec(search)
  if (match) return Number(match[1])
  throw new LabaError("bad_query", "`ack` is the number of the last frame you have.")
}

/** Has the session carry out what was posted. Throws `bad_json`, `bad_utf8`, `bad_frame` and `too_many_requests`. */
function take({ commands }: StreamedSession | PolledSession, bytes: Uint8Array): void {
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

const startOf = (said: Welcome) => ({
  attached: (said.channels ?? []).map((name) => parseChannel(name, "body")),
  reply: said.reply,
})
