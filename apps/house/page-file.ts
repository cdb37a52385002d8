// A file that a demo's pages load, or a page itself: built from its source when somebody first asks, then kept. Nothing
// comes from other hosts, and nothing has to be built before.
import { readFileSync } from "node:fs"
import { join } from "node:path"

export interface PageFile {
  readonly type: string
  readonly build: () => string | Promise<string>
  built: Promise<Built> | null
}

interface Built {
  readonly body: string
  readonly tag: string
}

const css = "text/css; charset=utf-8"
const javascript = "text/javascript; charset=utf-8"

/** What all demos look alike in: their colours and fonts. */
const palette = (): string => readFileSync(join(import.meta.dir, "palette.css"), "utf8")

/** Sets the page's language before the first paint. */
export const languageScript: PageFile = {
  type: javascript,
  build: () => readFileSync(join(import.meta.dir, "language-first.js"), "utf8"),
  built: null,
}

/** The files of one demo's folder of pages. */
export function filesOf(folder: string) {
  const read = (name: string): string => readFileSync(join(folder, name), "utf8")
  const file = (type: string, build: PageFile["build"]): PageFile => ({ type, build, built: null })
  return {
    file,
    html: (build: PageFile["build"]): PageFile => file("text/html; charset=utf-8", build),
    icon: file("image/svg+xml", () => read("icon.svg")),
    page: (name: string): PageFile => file("text/html; charset=utf-8", () => read(`${name}.html`)),
    /** One file for the browser; in the folder a part of the page each. */
    styles: (...parts: readonly string[]): PageFile =>
      file(css, () => parts.map((part) => read(`${part}.css`)).join("\n")),
    /** The same, with the palette before them. */
    dressed: (...parts: readonly string[]): PageFile =>
      file(css, () => [palette(), ...parts.map((part) => read(`${part}.css`))].join("\n")),
    script: (name: string): PageFile => file(javascript, () => bundle(join(folder, `${name}.ts`))),
  }
}

async function bundle(entry: string): Promise<string> {
  const build = await Bun.build({
    entrypoints: [entry],
    target: "browser",
    minify: true,
    // The client's source instead of its built file, which a working copy may not have.
    conditions: ["bun"],
  })
  return (build.outputs[0] as Blob).text()
}

/** Answers with it, or that the browser has it already. */
export async function answerWith(
  request: Request,
  shown: PageFile,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
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

/** A policy for a page: itself and Laba, nothing else. What a user has typed can load nothing and send nothing away. */
export function policyWith(labaOrigin: string): Readonly<Record<string, string>> {
  const reach = `'self' ${labaOrigin} ${labaOrigin.replace(/^http/, "ws")}`
  return {
    "Content-Security-Policy": `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src ${reach}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}
