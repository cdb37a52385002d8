// A Laba that was started again may be at another address. A page's policy lets it reach the old one alone, so it is loaded anew, and
// finds both. Nothing is lost by that: every page shows the same after a reload.
import type { Laba } from "laba/client"

/** While nothing is heard it is asked so often where Laba is. */
const askMs = 5000

/** `where` answers where the page would find Laba now; it may fail. */
export function reloadWhenMoved(laba: Laba, url: string, where: () => Promise<string | undefined>): void {
  setInterval(() => {
    if (laba.state === "open") return
    where().then(
      (now) => {
        if (now !== undefined && now !== url && laba.state !== "open") location.reload()
      },
      () => {},
    )
  }, askMs)
}
