// The pages, put together once at the start from what lies in pages/: nothing has to be built before.
import { readFileSync } from "node:fs"
import { join } from "node:path"

export interface Pages {
  /** The page or what it loads; null when there is none at this path. */
  find(path: string, labaUrl: string): Response | null
}

interface Asset {
  readonly type: string
  readonly body: string
  readonly isPage?: true
}

const folder = join(import.meta.dir, "../pages")
const read = (name: string): string => readFileSync(join(folder, name), "utf8")

const page = (name: string): Asset => ({ type: "text/html; charset=utf-8", body: read(name), isPage: true })

const styles = (...names: readonly string[]): Asset => ({
  type: "text/css; charset=utf-8",
  body: names.map(read).join("\n"),
})

/** Throws when a page's script cannot be built. */
export async function buildPages(): Promise<Pages> {
  const assets = new Map<string, Asset>([
    ["/", page("customer.html")],
    ["/kitchen", page("kitchen.html")],
    ["/pages/customer.css", styles("frame.css", "slip.css", "customer.css")],
    ["/pages/kitchen.css", styles("frame.css", "slip.css", "kitchen.css")],
    ["/pages/icon.svg", { type: "image/svg+xml", body: read("icon.svg") }],
  ])
  const names = ["customer", "kitchen"] as const
  const scripts = await Promise.all(names.map(script))
  for (const [at, name] of names.entries())
    assets.set(`/pages/${name}.js`, { type: "text/javascript; charset=utf-8", body: scripts[at] as string })
  return {
    find(path, labaUrl) {
      const asset = assets.get(path)
      if (!asset) return null
      return new Response(asset.body, {
        headers: {
          "Content-Type": asset.type,
          "Cache-Control": "no-cache",
          "X-Content-Type-Options": "nosniff",
          "Referrer-Policy": "no-referrer",
          ...(asset.isPage && { "Content-Security-Policy": policy(labaUrl) }),
        },
      })
    },
  }
}

async function script(name: string): Promise<string> {
  const built = await Bun.build({
    entrypoints: [join(folder, `${name}.ts`)],
    target: "browser",
    minify: true,
    // The client's source, so that a fresh clone needs no build of it.
    conditions: ["bun"],
  })
  const [output] = built.outputs
  if (!output) throw new Error(`The page ${name} could not be built.`)
  return output.text()
}

/** Itself, and Laba to listen to. */
const policy = (labaUrl: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${labaUrl} ${labaUrl.replace(/^http/, "ws")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ")
