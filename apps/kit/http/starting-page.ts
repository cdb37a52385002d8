// What people see who come while a program is still starting: a page that looks again by itself, instead of a problem in JSON that stays.
import { createHash } from "node:crypto"

/** Seconds after which the page asks again. A start takes about two. */
const againSeconds = 1

// A refresh by markup leads to what is behind the # of the address, and loads nothing.
const script = `setTimeout(() => location.reload(), ${againSeconds * 1000})`

const scriptHash = createHash("sha256").update(script).digest("base64")

const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; frame-ancestors 'none'`

const page = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>One moment 请稍候</title>
<style>
body{min-height:100dvh;margin:0;display:grid;place-items:center;text-align:center;background:#f1ede6;color:#1f1613;font:1.25rem/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif}
@media(prefers-color-scheme:dark){body{background:#17120f;color:#f6ebe0}}
p{margin:0}
</style>
<main role="status"><p>Starting. This page goes on by itself.</p><p lang="zh-CN">正在启动，页面会自动继续。</p></main>
<script>${script}</script></html>`

/** The page for a browser that wants to show something; null for programs, and for what a page asks for. */
export function startingPage({ method, headers }: Request): Response | null {
  if (method !== "GET" || !/\btext\/html\b/.test(headers.get("accept") ?? "")) return null
  return new Response(page, {
    status: 503,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Security-Policy": policy,
      "Retry-After": String(againSeconds),
    },
  })
}
