// POST and GET /_/session: opens laba.v1 for networks that let no WebSocket through, to be polled or as a stream of events.
// docs/PROTOCOL.md, N.
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Welcome } from "../../hooks/hooks.ts"
import { eventStreamType } from "../../protocols/server-sent-events.ts"
import { pollResponse } from "../../transports/poll/poll-answer.ts"
import { PolledSession } from "../../transports/session/polled-session.ts"
import { StreamedSession } from "../../transports/session/streamed-session.ts"
import { accepts } from "../accept.ts"
import { admitConnection } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { respondWith } from "../channels/stream.ts"
import { goAwayStream, refuseWhileDraining } from "../draining.ts"

/** It listens to nothing yet. */
const session = { protocol: "laba", channel: null, channels: [], readsHistory: false } as const

/** GET /_/session: a streamed session. */
export async function openStreamedSession(context: ApiContext, request: ApiRequest): Promise<Response> {
  if (!accepts(request.raw.headers.get("accept"), eventStreamType)) {
    throw new LabaError(
      "not_acceptable",
      "Ask with `Accept: text/event-stream`; POST opens a session to be polled.",
    )
  }
  if (context.shutdown.draining) return goAwayStream()
  const number = context.connections.reserve()
  const { welcome, user, client, abandon } = await admitConnection(context, request, {
    ...session,
    number,
    transport: "sse",
  })
  if (context.shutdown.draining) return goAwayStream(abandon)
  return respondWith(
    new StreamedSession({ context, request: request.raw, number, user, client, ...startOf(welcome) }),
    request,
  )
}

/** POST /_/session: a session to be polled. */
export async function openPolledSession(context: ApiContext, request: ApiRequest): Promise<Response> {
  refuseWhileDraining(context)
  const number = context.connections.reserve()
  const { welcome, user, client, abandon } = await admitConnection(context, request, {
    ...session,
    number,
    transport: "poll",
  })
  refuseWhileDraining(context, abandon)
  const opened = new PolledSession({ context, number, user, client, ...startOf(welcome) })
  const answer = pollResponse(opened.firstAnswer())
  return new Response(answer.body, { status: 201, headers: answer.headers })
}

const startOf = (welcome: Welcome) => ({
  attached: (welcome.channels ?? []).map((name) => parseChannel(name, "body")),
  reply: welcome.reply,
})
