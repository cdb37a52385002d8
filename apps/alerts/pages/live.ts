// What a page hears: it listens first, then asks how things stand, so that nothing falls between; each thing has an id, and
// what is both in the answer and heard counts once.
import { type Channel, connect } from "laba/client"
import type { Snapshot } from "../http/desk.ts"
import { startLanguage } from "./language.ts"
import { find, inBoth } from "./page-elements.ts"
import type { Both } from "./words.ts"

/** How a page deals with a channel. */
interface Hearing {
  readonly channel: string
  hear(data: unknown, at: number): void
}

const states: Readonly<Record<string, Both>> = {
  connecting: ["connecting…", "正在连接…"],
  open: ["listening", "正在收听"],
  waiting: ["no connection, coming back…", "连接断开，正在重连…"],
  idle: ["away", "已离开"],
  closed: ["closed", "已断开"],
}

/** Asks how things stand, as often as it takes. */
async function snapshot(): Promise<Snapshot> {
  for (let waitMs = 500; ; waitMs = Math.min(8_000, waitMs * 2)) {
    try {
      const answer = await fetch("/api/state", { cache: "no-store" })
      if (answer.ok) return (await answer.json()) as Snapshot
    } catch {
      // The server is away; it is asked again.
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

/** Asked for before each connection, and before the last one runs out. */
async function listenToken(): Promise<string> {
  const answer = await fetch("/api/listen-token", { cache: "no-store" })
  if (!answer.ok) throw new Error(`there is no token: ${answer.status}`)
  return ((await answer.json()) as { readonly token: string }).token
}

/** Listens at the channels and shows how things stand, again after each time something was missed. */
export async function startPage(
  hearings: readonly Hearing[],
  show: (standing: Snapshot) => void,
): Promise<void> {
  startLanguage()
  const first = await snapshot()
  const laba = connect(`${location.protocol}//${location.hostname}:${first.labaPort}`, { token: listenToken })
  const line = find(".line")
  laba.on("state", ({ state }) => {
    line.dataset["state"] = state
    find("#line").replaceChildren(inBoth(states[state] ?? [state, state]))
  })
  const again = async (): Promise<void> => show(await snapshot())
  const channels: Channel[] = hearings.map(({ channel: name, hear }) => {
    const channel = laba.channel(name)
    channel.on("message", ({ data, time }) => hear(data, time))
    channel.on("reset", () => void again())
    return channel
  })
  await Promise.all(channels.map((channel) => channel.ready()))
  await again()
}

/** Presses a button of the demo. Rejects with a sentence for people. */
export async function press<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  })
  const json: unknown = await answer.json().catch(() => ({}))
  if (answer.ok) return json as Answer
  throw new Error((json as { detail?: string }).detail ?? `${answer.status}`)
}
