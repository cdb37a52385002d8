// The session that a poll or a stream is for: one of this node, one of another that is asked in its place, or none yet, and then it opens here.
import { anotherOpen } from "../../protocols/sockjs/frames.ts"
import { SockJsSession } from "../../transports/sockjs/sockjs-session.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { refuseWhileDraining } from "../draining.ts"
import { noSession } from "./answer.ts"
import { claimIn } from "./claimed-session.ts"
import { letIn } from "./conversations.ts"
import { keyOf, type SessionClaim } from "./session-claim.ts"
import type { Action, DoneElsewhere } from "./session-elsewhere.ts"
import type { SockJsCarries } from "./sockjs-config.ts"

/** Seconds that a poll may take beyond the heartbeat, which answers it. */
const spareSeconds = 10

export const pollSeconds = ({ limits }: ApiContext): number =>
  Math.ceil(limits.heartbeatSeconds) + spareSeconds

/** A frame, where there is no session here to wait for: of one that lives elsewhere, or because somebody is being let in for it at this moment. */
export async function findOrOpen(context: ApiContext, request: ApiRequest): Promise<SockJsSession | string> {
  const { sockjs, access } = context
  // A page that cannot read the answer would open a session as whoever looks at it, under a name that it tells to others.
  access.origins.checkCause(request.raw.headers)
  const { claim, carries } = claimIn(context, request)
  const known = sockjs.find(claim)
  if (known === "not theirs") throw noSession()
  if (known) return known
  if (sockjs.isOpening(claim)) return anotherOpen
  return sockjs.open(claim, async (onForgotten) => {
    context.setTimeout(request.raw, pollSeconds(context))
    const polled = await sockjs.elsewhere.ask(context.nodes, claim, pollOf(context, request))
    if (polled.found) return frameIn(polled)
    const gone = polled.gone ?? null
    return makeSession(context, request, { claim, carries, gone, onForgotten })
  })
}

const pollOf = ({ limits }: ApiContext, { raw }: ApiRequest): Action => ({
  action: "poll",
  holdMs: limits.heartbeatSeconds * 1000,
  signal: raw.signal,
})

/** Of a session that was found. */
function frameIn({ isTheirs, frame = "" }: DoneElsewhere): string {
  if (isTheirs === false) throw noSession()
  return frame
}

interface Making {
  readonly claim: SessionClaim
  readonly carries: SockJsCarries
  /** What has the name still, and is no more. */
  readonly gone: string | null
  readonly onForgotten: () => void
}

/** Lets somebody in and takes the session's name. Who is second of two that do so on two nodes is given what the first one's session has. */
async function makeSession(
  context: ApiContext,
  request: ApiRequest,
  { claim, carries, gone, onForgotten }: Making,
): Promise<SockJsSession | string> {
  const { connections, nodes, sockjs } = context
  const { number, admitted, converse, prepare } = await letIn(context, request, {
    carries,
    transport: "sockjs",
  })
  const { user, client, confirm, abandon } = admitted
  const name = keyOf(claim)
  const id = connections.idOf(number)
  const giveBack = (): void => nodes.sessions.release(name, id)
  let release = (): void => {}
  let owner = ""
  try {
    release = await prepare()
    owner = await nodes.sessions.claim(name, id, gone)
    if (owner === id) {
      confirm()
      refuseWhileDraining(context)
      const forget = (): void => {
        giveBack()
        onForgotten()
      }
      return new SockJsSession({ context, number, user, client, converse, onForgotten: forget })
    }
  } catch (error) {
    abandon()
    // Also where nobody answered: it may have been taken.
    giveBack()
    throw error
  } finally {
    release()
  }
  abandon()
  const polled = await sockjs.elsewhere.askAt(nodes, owner, { claim, action: pollOf(context, request) })
  return polled.found ? frameIn(polled) : anotherOpen
}
