// What the demo shows to people: three pages with the files they load.
import { join } from "node:path"
import { askedUrl } from "../../house/asked-url.ts"
import { answerWith, filesOf, languageScript, type PageFile, policyWith } from "../../house/page-file.ts"
import { page } from "../pages/markup.ts"

const { dressed, html, icon, script, styles } = filesOf(join(import.meta.dir, "../pages"))

const files: Readonly<Record<string, PageFile>> = {
  "/pages/frame.css": dressed("frame"),
  "/pages/payments.css": styles("payments", "payments-desk"),
  "/pages/deploys.css": styles("deploys"),
  "/pages/heart.css": styles("heart"),
  "/pages/payments.js": script("payments"),
  "/pages/deploys.js": script("deploys"),
  "/pages/heart.js": script("heart"),
  "/pages/language.js": languageScript,
  "/pages/icon.svg": icon,
}

const pages: Readonly<Record<string, PageFile>> = {
  "/": html(() => page("payments")),
  "/deploys": html(() => page("deploys")),
  "/heart": html(() => page("heart")),
}

/** The page or file at a path; null when there is none. `labaPort` is where pages may listen. */
export function pageAt(request: Request, path: string, labaPort: number): Promise<Response> | null {
  if (request.method !== "GET" && request.method !== "HEAD") return null
  const asset = files[path]
  if (asset) return answerWith(request, asset)
  const url = askedUrl(request)
  const shown = pages[path]
  if (!url) return null
  const { protocol, hostname } = url
  return shown ? answerWith(request, shown, policyWith(`${protocol}//${hostname}:${labaPort}`)) : null
}
