// What the shop shows to people: the buyer's page and the operator's, with the files that they load.
import { join } from "node:path"
import { answerWith, filesOf, type PageFile, policyWith, readPackaged } from "../../kit/http/page-files.ts"
import { reachableUrl } from "../../kit/http/reachable-url.ts"

const { css, dressed, icon, language, page, script } = filesOf(join(import.meta.dir, "../pages"))

const files: Readonly<Record<string, PageFile>> = {
  "/pages/buyer.js": script("buyer/buyer"),
  "/pages/buyer.css": dressed("frame", "kit/board", "buyer/buyer", "buyer/board"),
  "/pages/operator.js": script("operator/operator"),
  "/pages/operator.css": dressed("frame", "operator/operator", "operator/forms"),
  "/pages/charts.css": css(() => readPackaged("uplot/dist/uPlot.min.css")),
  "/pages/language.js": language,
  "/pages/icon.svg": icon,
}

const buyerPage = page("buyer/buyer")
const operatorPage = page("operator/operator")

/** What shows what is at a path; null when nothing is. */
export type Pages = (path: string) => ((request: Request) => Promise<Response>) | null

/** `labaUrl` is where the pages may listen. */
export function pagesOf(labaUrl: () => string): Pages {
  return (path) => {
    const asset = files[path]
    if (asset) return (request) => answerWith(request, asset)
    const shown =
      path === "/operator" ? operatorPage : path === "/" || /^\/sales\/[^/]+$/.test(path) ? buyerPage : null
    return shown && ((request) => answerWith(request, shown, policyWith(originFor(request, labaUrl()))))
  }
}

/** Where a page that was asked for here reaches Laba. */
const originFor = (request: Request, labaUrl: string): string =>
  new URL(reachableUrl(labaUrl, new URL(request.url).hostname)).origin
