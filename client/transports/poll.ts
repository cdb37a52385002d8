// The poll transport: a session whose frames are fetched. Frames stay on the server until they are acknowledged, so a
// lost answer is simply asked for again.
import type { ServerFrame } from "../../wire/frames.ts"
import { memberOf, partsOf } from "../frames/json-text.ts"
import { withText } from "../frames/parse-frame.ts"
import { networkReason, type Reason } from "../reason.ts"
import { reasonOfRefusal } from "./refusal.ts"
import { createSession, type Session, sessionUrl } from "./session.ts"
import type { OpenTransport, TransportEnvironment, TransportEvents } from "./transport.ts"

/** Seconds a poll is held: under the heartbeat, so that an answer comes before anybody grows uneasy. */
const waitSeconds = 20
/** A failed poll is tried again so often, after so long: together well under the 10 s that the server keeps the session. */
const triesMax = 4
const retryMs = 700

export const openPoll: OpenTransport = (environment, events) => {
  const session = createSession(environment, events)
  void run(environment, events, session)
  return session.transport
}

async function run(
  environment: TransportEnvironment,
  events: TransportEvents,
  session: Session,
): Promise<void> {
  let failures = 0
  let ack = 0
  while (!session.isOver()) {
    const answer = await poll(environment, session, ack)
    if ("frames" in answer) {
      failures = 0
      ack = answer.ack
      events.alive()
      for (const frame of answer.frames) session.receive(frame)
    } else {
      // What a proxy says on the way is as good as a lost answer. A refusal is final for this session; a lost answer is not,
      // once there is a session.
      if (answer.code !== "network" || !session.url || ++failures === triesMax) return session.fail(answer)
      await new Promise<void>((resolve) => environment.clock.after(retryMs, resolve))
    }
  }
}

interface PollAnswer {
  readonly ack: number
  readonly frames: readonly ServerFrame[]
}

/** Opens the session, or asks it for what comes after `ack`. */
async function poll(
  environment: TransportEnvironment,
  { url, request }: Session,
  ack: number,
): Promise<PollAnswer | Reason> {
  try {
    const response = await (url
      ? request("GET", `${url}?ack=${ack}&wait=${waitSeconds}`)
      : request("POST", sessionUrl(environment)))
    return response.ok ? parseAnswer(await response.text()) : await reasonOfRefusal(response)
  } catch {
    return networkReason("A poll failed.")
  }
}

function parseAnswer(text: string): PollAnswer {
  const { ack, frames }: PollAnswer = JSON.parse(text)
  const texts = partsOf(memberOf(text, "frames") as string)
  return { ack, frames: frames.map((frame, index) => withText(frame, texts[index] as string)) }
}
