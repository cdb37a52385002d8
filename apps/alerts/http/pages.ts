// What the demo shows to people: three pages with the files they load. Built from their sources when somebody first asks;
// nothing comes from other hosts.
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { page, type PageName } from "../pages/markup.ts"

interface Built {
  readonly body: string
  readonly tag: string
}

interface PageFile {
  readonly type: string
  readonly build: () => string | Promise<string>
  built: Promise<Built> | null
}

const place = (name: string): string => fileURLToPath(new URL(`../pages/${name}`, import.meta.url))

const file = (type: string, build: PageFile["build"]): PageFile => ({ type, build, built: null })

const text = (type: string, ...names: readonly string[]): PageFile =>
  file(type, () => names.map((name) => readFileSync(place(name), "utf8")).join("\n"))

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

const css = "text/css; charset=utf-8"

const files: Readonly<Record<string, PageFile>> = {
  "/pages/frame.css": text(css, "frame.css"),
  "/pages/payments.css": text(css, "payments.css", "payments-desk.css"),
  "/pages/deploys.css": text(css, "deploys.css"),
  "/pages/heart.css": text(css, "heart.css"),
  "/pages/payments.js": script("payments"),
  "/pages/deploys.js": script("deploys"),
  "/pages/heart.js": script("heart"),
  "/pages/language.js": text("text/javascript; charset=utf-8", "language-first.js"),
  "/pages/icon.svg": text("image/svg+xml", "icon.svg"),
}

const html = (name: PageName): PageFile => file("text/html; charset=utf-8", () => page(name))

const pages: Readonly<Record<string, PageFile>> = {
  "/": html("payments"),
  "/deploys": html("deploys"),
  "/heart": html("heart"),
}

/** The page or file at a path; null when there is none. `labaPort` is where pages may listen. */
export function pageAt(request: Request, path: string, labaPort: number): Promise<Response> | null {
  if (request.method !== "GET" && request.method !== "HEAD") return null
  const asset = files[path]
  if (asset) return answer(request, asset, {})
  const shown = pages[path]
  return shown ? answer(request, shown, { "Content-Security-Policy": policy(request, labaPort) }) : null
}

async function answer(request: Request, shown: PageFile, headers: Record<string, string>): Promise<Response> {
  shown.built ??= Promise.resolve(shown.build()).then((body) => ({
    body,
    tag: `"${Bun.hash(body).toString(36)}"`,
  }))
  const { body, tag } = await shown.built
  const isKnown = request.headers.get("if-none-match") === tag
  return new Response(isKnown ? null : body, {
    status: isKnown ? 304 : 200,
    headers: {
      "Content-Type": shown.type,
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      ETag: tag,
      ...headers,
    },
  })
}

/** Itself and Laba, nothing else: what a customer has typed can load nothing and send nothing away. */
function policy(request: Request, labaPort: number): string {
  const { protocol, hostname } = new URL(request.url)
  const laba = `${protocol}//${hostname}:${labaPort}`
  const reach = `'self' ${laba} ${laba.replace(/^http/, "ws")}`
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ${reach}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}
