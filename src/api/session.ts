// /_/session: laba.v1 for networks that let no WebSocket through. Commands go up by POST, frames come down in a stream
// of events or in the answers to polls. docs/PROTOCOL.md, N.
import { LabaError } from "../../wire/error.ts"
import type { ClientFrame } from "../../wire/frames.ts"
import { parseChannel } from "../channels/name.ts"
import type { Welcome } from "../hooks/hooks.ts"
import { eventStreamType } from "../protocols/event-stream.ts"
import { checkFrame } from "../protocols/laba.ts"
import { pollResponse } from "../transports/poll/poll-answer.ts"
import { PolledSession } from "../transports/session/polled-session.ts"
import { StreamedSession } from "../transports/session/streamed-session.ts"
import { accepts } from "./accept.ts"
import type { Ask, Station } from "./ask.ts"
import { readBytes } from "./body-bytes.ts"
import { enter } from "./entrance.ts"
import { goAwayStream, refuseWhileDraining } from "./listen.ts"
import { parseQuery } from "./query.ts"

/** One POST of commands: 64 of them, most far smaller than the largest message. */
const commandsBytesMax = 512 * 1024
const commandsMax = 64

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
  const { said, user, guest } = await enter(station, ask, {
    number,
    transport: "sse",
    protocol: "laba",
    channel: null,
    channels: [],
    readsHistory: false,
  })
  const { request } = ask
  return new StreamedSession({ shared, request, number, user, guest, ...startOf(said) }).respond()
}

/** POST /_/session: a session to be polled. */
export async function openPolledSession(station: Station, ask: Ask): Promise<Response> {
  refuseWhileDraining(station)
  const { shared } = station
  const number = shared.connections.reserve()
  const { said, user, guest } = await enter(station, ask, {
    number,
    transport: "poll",
    protocol: "laba",
    channel: null,
    channels: [],
    readsHistory: false,
  })
  const session = new PolledSession({ shared, number, user, guest, ...startOf(said) })
  const answer = pollResponse(session.firstAnswer())
  return new Response(answer.body, { status: 201, headers: answer.headers })
}

/** GET /_/session/<id>?ack=n&wait=s: the next frames of a polled session. */
export async function pollSession(station: Station, ask: Ask): Promise<Response> {
  const session = find(station, ask)
  if (!(session instanceof PolledSession) || accepts(ask.request.headers.get("accept"), eventStreamType)) {
    throw new LabaError("bad_query", "A streamed session is not polled, and a polled one is not streamed.")
  }
  const { wait } = parseQuery(ask.search, station.shared.limits)
  const answer = session.poll(ackOf(ask), (wait ?? 0) * 1000)
  if (typeof answer === "string") return pollResponse(answer)
  station.shared.setTimeout(ask.request, Math.ceil(wait ?? 0) + 5)
  const abandon = (): void => session.abandonPoll()
  ask.request.signal.addEventListener("abort", abandon, { once: true })
  const body = await answer
  ask.request.signal.removeEventListener("abort", abandon)
  return pollResponse(body)
}

/** POST /_/session/<id>: one command, or an array of them. All are checked before any is carried out. */
export async function command(station: Station, ask: Ask): Promise<Response> {
  const session = find(station, ask)
  const bytes = await readBytes(ask.request, commandsBytesMax)
  session.commands.add(framesOf(bytes))
  return new Response(null, { status: 202 })
}

/** DELETE /_/session/<id> */
export function leaveSession(station: Station, ask: Ask): Response {
  find(station, ask).leave()
  return new Response(null, { status: 204 })
}

function find(station: Station, ask: Ask): StreamedSession | PolledSession {
  const connection = station.shared.connections.find(ask.path.slice(sessionPrefix.length))
  if (connection instanceof StreamedSession || connection instanceof PolledSession) return connection
  throw new LabaError("gone", "There is no such session here; open a new one and resume by the cursors.")
}

function ackOf(ask: Ask): number {
  const match = /[?&]ack=(0|[1-9]\d{0,14})(?:&|$)/.exec(ask.search)
  if (match) return Number(match[1])
  throw new LabaError("bad_query", "`ack` is the number of the last frame you have.")
}

function framesOf(bytes: Uint8Array): ClientFrame[] {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new LabaError("bad_json", "Commands are JSON: a frame, or an array of frames.", { cause })
  }
  const frames = Array.isArray(value) ? value : [value]
  if (frames.length < 1 || frames.length > commandsMax) {
    throw new LabaError(
      "bad_frame",
      `One request has 1 to ${commandsMax} frames; this one has ${frames.length}.`,
    )
  }
  return frames.map(checkFrame)
}

const startOf = (said: Welcome) => ({
  channels: (said.channels ?? []).map((name) => parseChannel(name, "body")),
  reply: said.reply,
})
