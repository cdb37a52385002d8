// What the shop shows to people: the buyer's page and the operator's, with the files that they load. Built from their
// sources when somebody first asks; nothing comes from other hosts.
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { reachableLaba } from "../pages/reachable-laba.ts"

interface Built {
  readonly body: string
  readonly tag: string
}

interface PageFile {
  readonly type: string
  readonly build: () => Promise<string>
  built: Promise<Built> | null
}

const place = (name: string): string => fileURLToPath(new URL(`../pages/${name}`, import.meta.url))

const read = (name: string): string => readFileSync(place(name), "utf8")

const file = (type: string, build: () => Promise<string>): PageFile => ({ type, build, built: null })

/** One file for the browser; here a part of the page each. */
const styles = (...parts: readonly string[]): PageFile =>
  file("text/css; charset=utf-8", async () => parts.map((part) => read(`${part}.css`)).join("\n"))

const script = (name: string): PageFile =>
  file("text/javascript; charset=utf-8", async () => {
    const build = await Bun.build({
      entrypoints: [place(`${name}.ts`)],
      target: "browser",
      minify: true,
      // The client's source instead of its built file, which a working copy may not have.
      conditions: ["bun"],
    })
    return (build.outputs[0] as Blob).text()
  })

const html = (name: string): PageFile => file("text/html; charset=utf-8", async () => read(`${name}.html`))

const files: Readonly<Record<string, PageFile>> = {
  "/pages/buyer.js": script("buyer/buyer"),
  "/pages/buyer.css": styles("frame", "buyer/buyer", "buyer/board"),
  "/pages/operator.js": script("operator/operator"),
  "/pages/operator.css": styles("frame", "operator/operator", "operator/forms"),
  "/pages/charts.css": file("text/css; charset=utf-8", async () =>
    readFileSync(fileURLToPath(import.meta.resolve("uplot/dist/uPlot.min.css")), "utf8"),
  ),
  "/pages/language.js": file("text/javascript; charset=utf-8", async () => read("language-first.js")),
  "/pages/icon.svg": file("image/svg+xml", async () => read("icon.svg")),
}

const buyerPage = html("buyer/buyer")
const operatorPage = html("operator/operator")

/** The page at a path, or null. `labaUrl` is where it may listen. */
export function pagesOf(labaUrl: () => string): (request: Request, path: string) => Promise<Response> | null {
  return (request, path) => {
    const asset = files[path]
    if (asset) return answer(request, asset, {})
    const page =
      path === "/operator" ? operatorPage : path === "/" || /^\/sales\/[^/]+$/.test(path) ? buyerPage : null
    return page && answer(request, page, { "Content-Security-Policy": policy(request, labaUrl()) })
  }
}

async function answer(request: Request, page: PageFile, headers: Record<string, string>): Promise<Response> {
  page.built ??= page.build().then((body) => ({ body, tag: `"${Bun.hash(body).toString(36)}"` }))
  const { body, tag } = await page.built
  const isKnown = request.headers.get("if-none-match") === tag
  return new Response(isKnown ? null : body, {
    status: isKnown ? 304 : 200,
    headers: {
      "Content-Type": page.type,
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      ETag: tag,
      ...headers,
    },
  })
}

/** Itself and Laba, nothing else: what a title holds can load nothing and send nothing away. */
function policy(request: Request, labaUrl: string): string {
  const laba = new URL(reachableLaba(labaUrl, new URL(request.url).hostname)).origin
  const connect = `'self' ${laba} ${laba.replace(/^http/, "ws")}`
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src ${connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}
