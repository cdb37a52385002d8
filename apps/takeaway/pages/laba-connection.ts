// The line to Laba: one for a page, with the token that the desk gives, and its state in the bar.
import { connect, type Laba, LabaFailure } from "laba/client"
import { call, Refusal } from "../../kit/browser/api-calls.ts"
import { find } from "../../kit/browser/elements.ts"
import { reloadWhenMoved } from "../../kit/browser/moved-laba.ts"
import { inEachLanguage, translate } from "./language.ts"

interface LabaConnectionOptions {
  readonly url: string
  /** Where the desk gives tokens to this page. */
  readonly tokenPath: string
  /** Asks the desk where Laba is now. */
  readonly where: () => Promise<string | undefined>
  /** The desk does not know this page any more. */
  readonly forgotten: () => void
}

export function connectToLaba({ url, tokenPath, where, forgotten }: LabaConnectionOptions): Laba {
  const laba = connect(url, {
    async token() {
      try {
        return (await call<{ token: string }>("POST", tokenPath)).token
      } catch (error) {
        if (!(error instanceof Refusal && error.status === 401)) throw error
        // Asking again would not help; a login, or a new visit, does.
        throw new LabaFailure({
          code: "unauthorized",
          retry: "stay-away",
          detail: "The desk gives no token.",
        })
      }
    },
  })
  reloadWhenMoved(laba, url, where)
  const shown = find("#line")
  const paint = (): void => {
    const isLive = laba.state === "open"
    shown.dataset["state"] = isLive ? "live" : "away"
    shown.textContent = translate(isLive ? "live" : "comingBack")
  }
  laba.on("state", ({ state, reason }) => {
    paint()
    if (state === "closed" && reason?.code === "unauthorized") forgotten()
  })
  inEachLanguage(paint)
  return laba
}

interface Followed {
  readonly channel: string
  readonly hear: (data: unknown) => void
}

/** Hears channels. `missed` is called when there may be more to know than they say: at first, and after a time away without a past. */
export function follow(laba: Laba, followed: readonly Followed[], missed: () => void): void {
  for (const { channel: name, hear } of followed) {
    const channel = laba.channel(name)
    channel.on("message", ({ data }) => hear(data))
    channel.on("reset", missed)
    channel.on("state", ({ state, recovered }) => {
      if (state === "open" && !recovered) missed()
    })
  }
}
