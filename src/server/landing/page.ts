// The page's frame: head, bar, sections, foot. Knows the order of things and nothing of what they say.
import { both, escape } from "./bilingual.ts"

interface PageContent {
  readonly title: string
  readonly description: string
  readonly version?: string
  /** The page is in this language alone; without it both are there and the reader chooses. */
  readonly fixedLanguage?: "en" | "zh-CN"
  /** Trusted markup. */
  readonly main: string
  /** Module scripts by path. */
  readonly scripts: readonly string[]
}

/** The loudspeaker: a horn and two arcs. The arcs move when something is called. */
const loudspeaker = `<svg class="horn" viewBox="0 0 48 48" aria-hidden="true">
  <path d="M6 19h7l17-11v32L13 29H6z" fill="currentColor"/><path d="M12 30l3 11h6l-3-9" fill="currentColor"/>
  <path class="arc" d="M35 18q4 6 0 12"/><path class="arc" d="M40 13q8 11 0 22"/></svg>`

const languages = `<div class="languages" role="group" aria-label="Language / 语言">
    <button type="button" data-language="en">EN</button><button type="button" data-language="zh-CN">中文</button>
  </div>`

export function page(frame: PageContent): string {
  const scripts = frame.scripts.map((path) => `<script type="module" src="${path}"></script>`).join("")
  return `<!doctype html>
<html lang="${frame.fixedLanguage ?? "en"}"${frame.fixedLanguage ? " data-fixed" : ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${escape(frame.description)}">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f1ede6" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#17120f" media="(prefers-color-scheme: dark)">
<title>${escape(frame.title)}</title>
<link rel="icon" href="/_/landing.svg" type="image/svg+xml">
<link rel="stylesheet" href="/_/landing.css">
<script src="/_/landing-language.js"></script>
${scripts}
</head>
<body>
<a class="skip" href="#main">${both("To the content", "跳到正文")}</a>
<header class="bar">
  <a class="brand" href="/">${loudspeaker}<b>Laba</b><span>喇叭</span></a>
  ${frame.version ? `<span class="version">${escape(frame.version)}</span>` : ""}
  <nav>
    <a href="/_/guide" lang="en">Guide</a><a href="/_/guide/index.zh-CN" lang="zh-CN">指南</a>
  </nav>
  ${frame.fixedLanguage ? "" : languages}
</header>
<main id="main">${frame.main}</main>
<footer>
  <p>${both("Laba is open source under the Apache License 2.0.", "Laba 以 Apache-2.0 许可证开源。")}</p>
  <p class="links"><a href="/_/guide" lang="en">Guide</a><a href="/_/guide/index.zh-CN" lang="zh-CN">指南</a></p>
</footer>
</body>
</html>
`
}
