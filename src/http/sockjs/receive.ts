// POST …/xhr, POST …/xhr_streaming and GET …/eventsource: what a session has for its client. The first that comes for a session opens it.
import { closeFrame } from "../../protocols/sockjs/frames.ts"
import { PollReceiver } from "../../transports/sockjs/poll-receiver.ts"
import { SockJsSession } from "../../transports/sockjs/sockjs-session.ts"
import { StreamReceiver, type StreamShape } from "../../transports/sockjs/stream-receiver.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { refuseWhileDraining } from "../draining.ts"
import { answer, noCache, noSession, scriptType } from "./answer.ts"
import { letIn } from "./conversations.ts"
import type { SockJsCarries } from "./sockjs-config.ts"
import type { SessionClaim } from "./session-claim.ts"
import { claimIn } from "./claimed-session.ts"

/** Browsers hold back the first bytes of an answer that is read by script. */
const xhrPrelude = `${"h".repeat(2048)}\n`

const xhrShape: StreamShape = { prelude: xhrPrelude, shape: (frame) => `${frame}\n` }

/** Clients decode escapes of URLs in what comes as events. */
const eventSourceShape: StreamShape = {
  prelude: "\r\n",
  // A frame is JSON, so no line break and no NUL is in it.
  shape: (frame) => `data: ${frame.replaceAll("%", "%25")}\r\n\r\n`,
}

const anotherOpen = closeFrame(2010, "Another connection still open")

/** Seconds after the last byte within which a client that reads no more is cut. */
const lastSeconds = 4

/** Seconds that a poll may take beyond the heartbeat, which answers it. */
const spareSeconds = 10

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

const pollSeconds = ({ limits }: ApiContext): number => Math.ceil(limits.heartbeatSeconds) + spareSeconds

/** A frame, where there is no session here to wait for: of one that lives elsewhere, or because somebody is being let in for it at this moment. */
async function findOrOpen(context: ApiContext, request: ApiRequest): Promise<SockJsSession | string> {
  const { sockjs } = context
  const { claim, carries } = claimIn(context, request)
  const known = sockjs.find(claim)
  if (known === "not theirs") throw noSession()
  if (known) return known
  if (sockjs.isOpening(claim)) return anotherOpen
  let frame: string | undefined
  const opened = await sockjs.open(claim, async (onForgotten) => {
    frame = await pollElsewhere(context, request, claim)
    if (frame !== undefined) return null
    return makeSession(context, request, { carries, onForgotten })
  })
  return opened ?? (frame as string)
}

async function makeSession(
  context: ApiContext,
  request: ApiRequest,
  { carries, onForgotten }: { readonly carries: SockJsCarries; readonly onForgotten: () => void },
): Promise<SockJsSession> {
  const { number, admitted, converse, prepare } = await letIn(context, request, {
    carries,
    transport: "sockjs",
  })
  const { user, client, confirm, abandon } = admitted
  let release = (): void => {}
  try {
    release = await prepare()
    confirm()
    refuseWhileDraining(context)
    return new SockJsSession({ context, number, user, client, converse, onForgotten })
  } catch (error) {
    abandon()
    throw error
  } finally {
    release()
  }
}

/** The next frame of a session that lives on another node; undefined when it lives nowhere. */
async function pollElsewhere(
  context: ApiContext,
  request: ApiRequest,
  claim: SessionClaim,
): Promise<string | undefined> {
  const { nodes, sockjs, limits } = context
  if (nodes.list.length < 2) return
  const { signal } = request.raw
  context.setTimeout(request.raw, pollSeconds(context))
  const holdMs = limits.heartbeatSeconds * 1000
  const result = await sockjs.elsewhere.ask(nodes, claim, { action: "poll", holdMs, signal })
  if (result?.isTheirs === false) throw noSession()
  return result?.frame
}
