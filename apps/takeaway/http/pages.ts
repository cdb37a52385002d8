// What the desk shows to people: the customers' page and the kitchens', with the files that they load.
import { join } from "node:path"
import { answerWith, filesOf, languageScript, type PageFile, policyWith } from "../../house/page-file.ts"

const { dressed, icon, page, script } = filesOf(join(import.meta.dir, "../pages"))

const files: Readonly<Record<string, PageFile>> = {
  "/pages/customer.js": script("customer"),
  "/pages/customer.css": dressed("frame", "slip", "customer"),
  "/pages/kitchen.js": script("kitchen"),
  "/pages/kitchen.css": dressed("frame", "slip", "kitchen"),
  "/pages/language.js": languageScript,
  "/pages/icon.svg": icon,
}

const pages: Readonly<Record<string, PageFile>> = { "/": page("customer"), "/kitchen": page("kitchen") }

/** The page or file at a path; null when there is none. `labaUrl` is where pages may listen. */
export function pageAt(request: Request, path: string, labaUrl: string): Promise<Response> | null {
  if (request.method !== "GET" && request.method !== "HEAD") return null
  const asset = files[path]
  if (asset) return answerWith(request, asset)
  const shown = pages[path]
  return shown ? answerWith(request, shown, policyWith(labaUrl)) : null
}
