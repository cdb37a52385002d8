// The guide as pages under `/_/guide`, made from docs/guide/*.md and the protocol, so that whoever has the server has its
// guide too. Every page ends with a list of all pages: none is out of reach, also one that nobody has linked yet.
import { readdirSync, readFileSync } from "node:fs"
import type { LandingAsset } from "../asset.ts"
import { escape } from "../bilingual.ts"
import { renderMarkdown } from "./markdown.ts"
import { page } from "../page.ts"

const docs = new URL("../../../../docs/", import.meta.url)

interface GuidePage {
  /** The file's name without `.md`; no two files share one. */
  readonly name: string
  readonly path: string
  readonly title: string
  readonly language: "en" | "zh-CN"
  readonly source: string
}

/** What else the prose links to and this server shows, by the end of its path. */
const shownElsewhere: Readonly<Record<string, string>> = { "examples/chat": "/_/chat" }

/** All pages of the guide and their pictures, by path. */
export function guidePages(): Record<string, LandingAsset> {
  const all = readPages()
  return {
    ...Object.fromEntries(all.map((one) => [one.path, render(one, all)])),
    ...Object.fromEntries(pictures.map((name) => [`/_/guide/pictures/${name}`, picture(name)])),
  }
}

const pictures = readdirSync(new URL("pictures/", docs)).filter((name) => name.endsWith(".webp"))

/** Read when somebody looks: the text of the guide is in memory, its pictures are not. */
const picture = (name: string): LandingAsset => ({
  type: "image/webp",
  body: Bun.file(new URL(`pictures/${name}`, docs)),
})

function readPages(): GuidePage[] {
  const files = readdirSync(new URL("guide/", docs)).map((file) => `guide/${file}`)
  return [...files.sort(), "PROTOCOL.md"]
    .filter((file) => file.endsWith(".md"))
    .map((file) => {
      const name = file.slice(file.lastIndexOf("/") + 1, -3)
      const source = readFileSync(new URL(file, docs), "utf8")
      return {
        name,
        path: name === "index" ? "/_/guide" : `/_/guide/${name}`,
        title: /^# (.+)$/m.exec(source)?.[1] ?? name,
        language: name.endsWith(".zh-CN") ? "zh-CN" : "en",
        source,
      }
    })
}

/** Where a link leads. What is elsewhere in the package is not served: its link shows as text. */
function resolveAmong(all: readonly GuidePage[], target: string): string | null {
  if (/^(https?:|#)/.test(target)) return target
  const [file = "", anchor] = target.split("#")
  if (/^\.\.\/pictures\/[\w-]+\.webp$/.test(file)) return `/_/guide/${file.slice(3)}`
  const path =
    shownElsewhere[file.replace(/^(\.\.?\/)+/, "")] ??
    all.find(({ name }) => file.slice(file.lastIndexOf("/") + 1) === `${name}.md`)?.path
  if (path === undefined) return null
  return anchor === undefined ? path : `${path}#${anchor}`
}

function render({ name, title, language, source }: GuidePage, all: readonly GuidePage[]): LandingAsset {
  const links = all.map((one) => {
    const here = one.name === name ? ' aria-current="page"' : ""
    return `<li><a href="${one.path}" hreflang="${one.language}"${here}>${escape(one.title)}</a></li>`
  })
  return {
    type: "text/html; charset=utf-8",
    body: page({
      title,
      description: title,
      fixedLanguage: language,
      main: `<article class="guide">${renderMarkdown(source, (target) => resolveAmong(all, target))}</article>
<nav class="pages" aria-label="${language === "en" ? "All pages" : "全部页面"}"><ul>${links.join("")}</ul></nav>`,
      scripts: [],
    }),
  }
}
