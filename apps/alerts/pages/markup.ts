// The frame of the three pages: head, bar, foot. What is between them is a file a page.
import { both, type Bilingual } from "../../kit/browser/language.ts"
import { deploysMain } from "./deploys/deploys-markup.ts"
import { heartMain } from "./heart/heart-markup.ts"
import { paymentsMain } from "./payments/payments-markup.ts"

type PageName = "payments" | "deploys" | "heart"

interface PageWords {
  readonly path: string
  readonly tab: Bilingual
  readonly main: () => string
}

const pages: Readonly<Record<PageName, PageWords>> = {
  payments: { path: "/", tab: ["Payments", "付款"], main: paymentsMain },
  deploys: { path: "/deploys", tab: ["Deploys", "部署"], main: deploysMain },
  heart: { path: "/heart", tab: ["Heartbeat", "心跳"], main: heartMain },
}

const loudspeaker = `<svg class="horn" viewBox="0 0 48 48" aria-hidden="true">
  <path d="M6 19h7l17-11v32L13 29H6z" fill="currentColor"/><path d="M12 30l3 11h6l-3-9" fill="currentColor"/>
  <path class="arc" d="M35 18q4 6 0 12"/><path class="arc" d="M40 13q8 11 0 22"/></svg>`

export function page(name: PageName): string {
  const tabs = Object.entries(pages).map(
    ([other, { path, tab }]) =>
      `<a href="${path}"${other === name ? ' aria-current="page"' : ""}>${both(...tab)}</a>`,
  )
  const [english, chinese] = pages[name].tab
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f1ede6" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#17120f" media="(prefers-color-scheme: dark)">
<title>${english} ${chinese} · Laba</title>
<link rel="icon" href="/pages/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages/frame.css">
<link rel="stylesheet" href="/pages/${name}.css">
<script src="/pages/language.js"></script>
<script type="module" src="/pages/${name}.js"></script>
</head>
<body>
<header class="bar">
  <a class="brand" href="/">${loudspeaker}<b>Laba</b><span>${both("Alerts", "告警")}</span></a>
  <nav aria-label="Pages / 页面">${tabs.join("")}</nav>
  <div class="languages" role="group" aria-label="Language / 语言">
    <button type="button" data-language="en">EN</button><button type="button" data-language="zh-CN">中文</button>
  </div>
</header>
<main>${pages[name].main()}</main>
<footer>
  <p class="line" data-state="connecting"><i class="lamp" aria-hidden="true"></i><span role="status" id="line">${both("connecting…", "正在连接…")}</span></p>
  <p>${both("Every line on this page came over a channel of Laba.", "本页上的每一行，都是从 Laba 的频道里听到的。")}</p>
</footer>
</body>
</html>
`
}
