// The line to Laba: one for a page, with the token that the desk gives, and its state in the bar.
import { connect, type Laba } from "laba/client"
import { call } from "./desk-calls.ts"
import { find } from "./element.ts"
import { inEachLanguage, say } from "./language.ts"

export interface LineOptions {
  readonly url: string
  /** Where the desk gives tokens to this page. */
  readonly tokenPath: string
}

export function openLine({ url, tokenPath }: LineOptions): Laba {
  const laba = connect(url, {
    token: async () => (await call<{ token: string }>("POST", tokenPath)).token,
  })
  const shown = find("#line")
  const paint = (): void => {
    const isLive = laba.state === "open"
    shown.dataset["state"] = isLive ? "live" : "away"
    shown.textContent = say(isLive ? "live" : "comingBack")
  }
  laba.on("state", paint)
  inEachLanguage(paint)
  return laba
}
