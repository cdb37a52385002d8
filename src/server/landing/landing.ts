// The page at `/` and what it loads: a live channel in the browser, and the lines to try in a terminal. No build step,
// nothing from other hosts; it knows the server only as any client does.
import { readFileSync } from "node:fs"
import type { LandingAsset } from "./asset.ts"
import { boardsSection } from "./sections/boards.ts"
import { chatPage } from "./chat.ts"
import { type Demos, demosSection } from "./sections/demos.ts"
import { guidePages } from "./guide/guide.ts"
import { page } from "./page.ts"
import { promisesSection } from "./sections/promises.ts"
import { chatSection } from "./sections/chat.ts"
import { terminalSection } from "./sections/terminal.ts"
import { ticketSection } from "./sections/ticket.ts"

/** The channel that the page shows. The browser's script names it too. */
const shownChannel = "/channel/hello"

interface LandingContext {
  readonly version: string
  /** Where this server is reached, without a slash at the end: `http://127.0.0.1:8080`. Behind a proxy the page corrects it. */
  readonly address: string
  /** What runs beside it. */
  readonly demos: Demos
}

/** Renders the page. It changes only with the context, so a server renders it once. */
export function landingPage(context: LandingContext): { html: string } {
  return {
    html: page({
      title: "Laba 喇叭: a channel is a URL",
      description:
        "A realtime push server: publish with POST, listen by WebSocket, SSE or long-poll, resume from a cursor.",
      version: context.version,
      main: [
        ticketSection(shownChannel),
        boardsSection(shownChannel),
        demosSection(context.demos),
        chatSection(),
        terminalSection(context.address, shownChannel),
        promisesSection(),
      ].join("\n"),
      scripts: ["/_/landing.js"],
    }),
  }
}

const textOf = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8")

const file = (name: string, type: string): LandingAsset => ({ type, body: textOf(name) })

/** One file for the browser; here a part of the page each. */
const styles = (...parts: readonly string[]): LandingAsset => ({
  type: "text/css; charset=utf-8",
  body: parts.map((part) => textOf(`./browser/${part}.css`)).join("\n"),
})

const script = "text/javascript; charset=utf-8"

/** What the page loads and links to, by path. */
export const landingAssets: Readonly<Record<string, LandingAsset>> = {
  "/_/landing.css": styles("palette", "frame", "landing", "ticket", "boards", "sections", "guide"),
  "/_/landing.svg": file("./browser/landing.svg", "image/svg+xml"),
  "/_/landing-language.js": file("./browser/language.js", script),
  "/_/landing.js": file("./browser/landing.js", script),
  "/_/landing-board.js": file("./browser/landing-board.js", script),
  "/_/landing-listeners.js": file("./browser/landing-listeners.js", script),
  "/_/chat": chatPage,
  ...guidePages(),
}

/** The `Content-Security-Policy` that the page lives under: itself only. */
export const landingPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
