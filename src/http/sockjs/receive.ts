// POST …/xhr, POST …/xhr_streaming and GET …/eventsource: what a session has for its client. The first that comes for a session opens it.
import { PollReceiver } from "../../transports/sockjs/poll-receiver.ts"
import { StreamReceiver, type StreamShape } from "../../transports/sockjs/stream-receiver.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { answer, noCache, scriptType } from "./answer.ts"
import { findOrOpen, pollSeconds } from "./open-session.ts"

/** Browsers hold back the first bytes of an answer that is read by script. */
const xhrPrelude = `${"h".repeat(2048)}\n`

const xhrShape: StreamShape = { prelude: xhrPrelude, shape: (frame) => `${frame}\n` }

/** Clients decode escapes of URLs in what comes as events. */
const eventSourceShape: StreamShape = {
  prelude: "\r\n",
  // A frame is JSON, so no line break and no NUL is in it.
  shape: (frame) => `data: ${frame.replaceAll("%", "%25")}\r\n\r\n`,
}

/** Seconds after the last byte within which a client that reads no more is cut. */
const lastSeconds = 4

export async function pollByXhr(context: ApiContext, request: ApiRequest): Promise<Response> {
  const frame = await nextFrame(context, request)
  return answer(request, `${frame}\n`, { type: scriptType, cache: noCache })
}

export const openXhrStreaming = (context: ApiContext, request: ApiRequest): Promise<Response> =>
  openStream(context, request, { ...xhrShape, type: scriptType })

export function openEventSource(context: ApiContext, request: ApiRequest): Promise<Response> {
  // By a GET, which pages cause in more ways than `EventSource`, under a name that they know: what they cannot read here they would read and
  // send on by a POST of their own.
  context.access.origins.checkEmbedding(request.raw.headers)
  return openStream(context, request, { ...eventSourceShape, type: "text/event-stream" })
}

/** The next frame of a session. Throws why there is none. */
export async function nextFrame(context: ApiContext, request: ApiRequest): Promise<string> {
  const session = await findOrOpen(context, request)
  if (typeof session === "string") return session
  const { signal } = request.raw
  context.setTimeout(request.raw, pollSeconds(context))
  const receiver = new PollReceiver()
  // Also after it was answered: as long as the answer is not written whole.
  signal.addEventListener("abort", () => session.answerCut(receiver), { once: true })
  session.attach(receiver)
  if (signal.aborted) session.answerCut(receiver)
  return receiver.answer
}

/** An answer that goes on. Throws why there is none. */
export async function openStream(
  context: ApiContext,
  request: ApiRequest,
  { type, prelude, shape }: StreamShape & { readonly type: string },
): Promise<Response> {
  const session = await findOrOpen(context, request)
  const headers = { type, cache: noCache }
  // A stream may end whenever it likes, so one frame from another node is one, too.
  if (typeof session === "string") return answer(request, `${prelude}${shape(session)}`, headers)
  context.setTimeout(request.raw, 0)
  const receiver = new StreamReceiver({
    prelude,
    shape,
    onOpen: (opened) => session.attach(opened),
    beforeClose: () => context.setTimeout(request.raw, lastSeconds),
  })
  receiver.owner = session
  // Also after it was ended: as long as it is not written whole.
  request.raw.signal.addEventListener("abort", () => session.answerCut(receiver), { once: true })
  return answer(request, receiver.body(), { ...headers, more: { "X-Accel-Buffering": "no" } })
}
