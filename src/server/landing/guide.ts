// The guide as pages under `/_/guide`, made from docs/guide/*.md, so that whoever has the server has its guide too.
import { readdirSync, readFileSync } from "node:fs"
import type { LandingAsset } from "./asset.ts"
import { renderMarkdown } from "./markdown.ts"
import { page } from "./page.ts"

const folder = new URL("../../../docs/guide/", import.meta.url)

/** `index` is the guide itself; every other page has its file's name. */
const pathOf = (name: string): string => (name === "index" ? "/_/guide" : `/_/guide/${name}`)

/** All pages of the guide, by path. */
export function guidePages(): Record<string, LandingAsset> {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".md"))
    .map((file) => file.slice(0, -3))
  // A page elsewhere in the package is not served: its link shows as text.
  const resolve = (target: string): string | null => {
    if (/^(https?:|#)/.test(target)) return target
    const [file = "", anchor] = target.split("#")
    const name = file.replace(/^\.\//, "").replace(/\.md$/, "")
    return names.includes(name) ? pathOf(name) + (anchor === undefined ? "" : `#${anchor}`) : null
  }
  return Object.fromEntries(
    names.map((name) => [
      pathOf(name),
      guidePage(readFileSync(new URL(`${name}.md`, folder), "utf8"), name, resolve),
    ]),
  )
}

function guidePage(source: string, name: string, resolve: (target: string) => string | null): LandingAsset {
  const language = name.endsWith(".zh-CN") ? "zh-CN" : "en"
  const title = /^# (.+)$/m.exec(source)?.[1] ?? name
  return {
    type: "text/html; charset=utf-8",
    body: page({
      title,
      description: title,
      fixedLanguage: language,
      main: `<article class="guide">${renderMarkdown(source, resolve)}</article>`,
      scripts: [],
    }),
  }
}
