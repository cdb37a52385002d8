// A bare server that takes publishes, for the bench of raw targets: by `fetch` alone, or by routes whose path is compared.
import { isRewrittenUnrouted, rawTargetRoutes } from "../../src/transports/raw-target.ts"

async function answer(request: Request, isRewritten: boolean): Promise<Response> {
  const text = await request.text()
  if (isRewritten) return new Response(null, { status: 400 })
  return new Response(JSON.stringify({ channel: request.url, length: text.length }), { status: 201 })
}

const byRoutes = process.argv[2] === "routes"
const fetch = (request: Request): Promise<Response> =>
  answer(request, byRoutes && isRewrittenUnrouted(request.url))
const routes = rawTargetRoutes((request: Request, _server, isRewritten) => answer(request, isRewritten))
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  reusePort: false,
  fetch,
  ...(byRoutes && { routes }),
})
console.log(server.url.href)
