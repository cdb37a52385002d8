// The chat room of examples/chat at `/_/chat`: the page as it stands in the example, so that whoever reads its source
// reads all of it. Here is only the policy it lives under.
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import type { LandingAsset } from "./asset.ts"

const html = readFileSync(new URL("../../../examples/chat/index.html", import.meta.url), "utf8")

/** What stands in the page's own elements of that name may run or paint, and nothing that was put in later. */
function hashesOf(element: "script" | "style"): string {
  const texts = [...html.matchAll(new RegExp(`<${element}\\b[^>]*>([^]*?)</${element}>`, "g"))]
  return texts
    .filter(([, text]) => text !== "")
    .map(
      ([, text]) =>
        `'sha256-${createHash("sha256")
          .update(text as string)
          .digest("base64")}'`,
    )
    .join(" ")
}

export const chatPage: LandingAsset = {
  type: "text/html; charset=utf-8",
  body: html,
  policy: [
    "default-src 'none'",
    `script-src 'self' ${hashesOf("script")}`,
    `style-src ${hashesOf("style")}`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
}
