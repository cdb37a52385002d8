// The browser client as files: built from its source when somebody first asks, then kept.
import { buildClient } from "../../client/build.ts"
import type { ApiRequest } from "../http/api-request.ts"
import type { Methods } from "../http/endpoint.ts"

/** By path: the one file that sets `Laba`, for a script tag, and the ES module. */
const forms = [
  ["/_/client.js", "global"],
  ["/_/client.mjs", "module"],
] as const

const headers = {
  "Content-Type": "text/javascript; charset=utf-8",
  "X-Content-Type-Options": "nosniff",
  // A page asks again after a deploy of the server, and gets 304 by the tag until then.
  "Cache-Control": "no-cache",
} as const

interface Built {
  readonly code: string
  readonly tag: string
}

export function clientFiles(): [string, Methods][] {
  return forms.map(([path, form]) => {
    let built: Promise<Built> | null = null
    const answer = async (_context: unknown, { raw }: ApiRequest): Promise<Response> => {
      built ??= buildClient(form).then(({ code }) => ({ code, tag: `"${Bun.hash(code).toString(36)}"` }))
      const { code, tag } = await built
      const known = raw.headers.get("if-none-match") === tag
      return new Response(known ? null : code, {
        status: known ? 304 : 200,
        headers: { ...headers, ETag: tag },
      })
    }
    return [path, { GET: answer, HEAD: answer }]
  })
}
