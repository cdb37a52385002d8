// The poll transport: a session whose frames are fetched. Frames stay on the server until they are acknowledged, so a
// lost answer is simply asked for again.
import type { ServerFrame } from "../../wire/frames.ts"
import { memberOf, partsOf } from "../channels/json-text.ts"
import { networkReason, type Reason, reasonOfRefusal } from "../reason.ts"
import { createSession, type Session, sessionUrl } from "./session.ts"
import { type Ear, type Site, type Transport, withSource } from "./transport.ts"

/** Seconds a poll is held: under the heartbeat, so that an answer comes before anybody grows uneasy. */
const waitSeconds = 20
/** A failed poll is tried again so often, after so long: together well under the 10 s that the server keeps the session. */
const triesMax = 4
const retryMs = 700

export const openPoll: Transport = (site, ear) => {
  if (!site.fetch) throw new Error("there is no fetch here")
  const session = createSession(site, ear)
  void run(site, ear, session)
  return session.line
}

async function run(site: Site, ear: Ear, session: Session): Promise<void> {
  let page = await ask(session, "POST", sessionUrl(site))
  let failures = 0
  let ack = 0
  while (!session.isOver()) {
    if ("reason" in page) {
      // A refusal is final for this session; a lost answer is not, once there is a session.
      if (page.isRefusal || !session.url || ++failures === triesMax) return session.lost(page.reason)
      await new Promise<void>((resolve) => site.clock.after(retryMs, resolve))
    } else {
      failures = 0
      ack = page.ack
      ear.alive()
      for (const frame of page.frames) session.heard(frame)
    }
    if (!session.isOver()) page = await ask(session, "GET", `${session.url}?ack=${ack}&wait=${waitSeconds}`)
  }
}

type Page =
  | { readonly ack: number; readonly frames: readonly ServerFrame[] }
  | { readonly reason: Reason; readonly isRefusal: boolean }

async function ask(session: Session, method: string, url: string): Promise<Page> {
  try {
    const answer = await session.request(method, url)
    if (answer.ok) return parsePage(await answer.text())
    const reason = await reasonOfRefusal(answer)
    // What a proxy says on the way is as good as a lost answer.
    return { reason, isRefusal: reason.code !== "network" }
  } catch {
    return { reason: networkReason("A poll failed."), isRefusal: false }
  }
}

function parsePage(text: string): Page {
  const { ack, frames }: { ack: number; frames: readonly ServerFrame[] } = JSON.parse(text)
  const texts = partsOf(memberOf(text, "frames") as string)
  return { ack, frames: frames.map((frame, index) => withSource(frame, texts[index] as string)) }
}
