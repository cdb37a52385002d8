// Keeps a page live: it subscribes to its channels first, then fetches a snapshot of how things stand, so that nothing falls between; each
// thing has an id, and what comes both ways counts once.
import { type Channel, connect } from "laba/client"
import { call, retryUntilAnswered } from "../../kit/browser/api-calls.ts"
import { find } from "../../kit/browser/elements.ts"
import type { Bilingual } from "../../kit/browser/language.ts"
import { reloadWhenMoved } from "../../kit/browser/moved-laba.ts"
import { inBoth } from "./page-elements.ts"
import type { Snapshot } from "./snapshot.ts"

/** A channel of a page, and what the page does with its messages. */
interface PageSubscription {
  readonly channel: string
  onMessage(data: unknown, at: number): void
}

const states: Readonly<Record<string, Bilingual>> = {
  connecting: ["connecting…", "正在连接…"],
  open: ["listening", "正在收听"],
  waiting: ["no connection, coming back…", "连接断开，正在重连…"],
  idle: ["away", "已离开"],
  closed: ["closed", "已断开"],
}

const snapshot = (): Promise<Snapshot> => retryUntilAnswered(() => call<Snapshot>("GET", "/api/state"))

/** Asked for before each connection, and before the last one runs out. */
const listenToken = async (): Promise<string> =>
  (await call<{ readonly token: string }>("GET", "/api/listen-token")).token

/** Listens at the channels and shows how things stand, again after each time something was missed. */
export async function startPage(
  subscriptions: readonly PageSubscription[],
  show: (standing: Snapshot) => void,
): Promise<void> {
  const url = (await snapshot()).laba
  const laba = connect(url, { token: listenToken })
  reloadWhenMoved(laba, url, async () => (await call<Snapshot>("GET", "/api/state")).laba)
  const line = find(".line")
  laba.on("state", ({ state }) => {
    line.dataset["state"] = state
    find("#line").replaceChildren(inBoth(states[state] ?? [state, state]))
  })
  const again = async (): Promise<void> => show(await snapshot())
  const channels: Channel[] = subscriptions.map(({ channel: name, onMessage }) => {
    const channel = laba.channel(name)
    channel.on("message", ({ data, time }) => onMessage(data, time))
    channel.on("reset", () => void again())
    return channel
  })
  await Promise.all(channels.map((channel) => channel.ready()))
  await again()
}

/** Presses a button of the demo. Rejects with a sentence for people. */
export const press = <Answer>(path: string, body: unknown = {}): Promise<Answer> =>
  call("POST", path, { body })
