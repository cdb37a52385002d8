// What another node asks of a session that lives here.
import type { SockJsRequest, SockJsResult } from "../../cluster/nodes.ts"
import { anotherOpen } from "../../protocols/sockjs/frames.ts"
import { PollReceiver } from "../../transports/sockjs/poll-receiver.ts"
import type { SockJsContext } from "./sockjs-context.ts"

/** Does it for the node where the request came in. Throws `too_many_requests`. */
export async function runSockJsRequest(sockjs: SockJsContext, request: SockJsRequest): Promise<SockJsResult> {
  const { service, name, owner, action, poll, messages } = request
  const session = sockjs.find({ service, name, owner: owner ?? undefined })
  if (session === null) {
    // Its name is taken, and it is there in a moment.
    if (action === "poll" && sockjs.isOpening({ service, name })) return { found: true, frame: anotherOpen }
    return { found: false }
  }
  // It is somewhere, and not for who asks: nobody is to open another of its name.
  if (session === "not theirs") return { found: true, isTheirs: false }
  switch (action) {
    case "poll": {
      const receiver = new PollReceiver(poll)
      session.attach(receiver)
      return { found: true, frame: await receiver.answer }
    }
    case "cut":
      session.pollCut(poll as string)
      break
    case "send":
      if (session.closed) return { found: false }
      session.take(messages ?? [])
      break
    default:
      action satisfies never
  }
  return { found: true }
}
