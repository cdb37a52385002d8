// The pages of a demo and the files that they load: built from their sources when somebody first asks, then kept. Nothing comes
// from other hosts, and nothing has to be built before.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { AppRequest } from "./app-request.ts"

export interface PageFile {
  readonly type: string
  readonly build: () => string | Promise<string>
  built: Promise<Built> | null
}

interface Built {
  readonly body: string
  readonly tag: string
}

type Build = PageFile["build"]

const file = (type: string, build: Build): PageFile => ({ type, build, built: null })

/** A file of a package, such as what Laba's own pages share with the demos'. */
export const readPackaged = (specifier: string): string =>
  readFileSync(fileURLToPath(import.meta.resolve(specifier)), "utf8")

const kitPages = join(import.meta.dir, "../browser")

/** Chooses the language before the first paint, and lets it be chosen. */
const languageScript = (): string => readPackaged("laba/pages/language.js")

/** The files of one demo's folder of pages. */
export function filesOf(folder: string) {
  const read = (name: string): string => readFileSync(join(folder, name), "utf8")
  /** What begins with `kit/` more than one demo has. */
  const readStyle = (name: string): string =>
    name.startsWith("kit/")
      ? readFileSync(join(kitPages, `${name.slice(4)}.css`), "utf8")
      : read(`${name}.css`)
  const css = (build: Build): PageFile => file("text/css; charset=utf-8", build)
  const javascript = (build: Build): PageFile => file("text/javascript; charset=utf-8", build)
  const styles = (...parts: readonly string[]): string => parts.map(readStyle).join("\n")
  const html = (build: Build): PageFile => file("text/html; charset=utf-8", build)
  return {
    css,
    html,
    icon: file("image/svg+xml", () => read("icon.svg")),
    language: javascript(languageScript),
    page: (name: string): PageFile => html(() => read(`${name}.html`)),
    script: (name: string): PageFile => javascript(() => bundle(join(folder, `${name}.ts`))),
    /** One file for the browser; in the folder a part of the page each. */
    styles: (...parts: readonly string[]): PageFile => css(() => styles(...parts)),
    /** The same, with what all pages look alike in before them. */
    dressed: (...parts: readonly string[]): PageFile =>
      css(() =>
        [
          ...["palette", "frame"].map((name) => readPackaged(`laba/pages/${name}.css`)),
          styles(...parts),
        ].join("\n"),
      ),
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

interface PagesOptions {
  /** By path. */
  readonly pages: Readonly<Record<string, PageFile>>
  /** What they load, by path. */
  readonly files: Readonly<Record<string, PageFile>>
}

/** How to answer at a path; null when nothing is there. `labaFor` says where the page that asks may listen. */
export function pageAnswer(
  { pages, files }: PagesOptions,
  path: string,
  labaFor: (request: AppRequest) => string,
): ((request: AppRequest) => Promise<Response>) | null {
  const asset = files[path]
  if (asset) return ({ request }) => answerWith(request, asset)
  const page = pages[path]
  return page ? (asked) => answerWith(asked.request, page, policyWith(new URL(labaFor(asked)).origin)) : null
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
