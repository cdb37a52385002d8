// An anonymous chat room: `bun examples/chat/chat.ts`, then open the printed address in two windows. Laba carries the
// messages; this program only hands out the page.
import { serve } from "laba"
import { buildClient } from "../../client/build.ts"

/** Starts the room and says where its page is. */
export async function startChat(port = 0): Promise<{ url: string; close(): Promise<void> }> {
  const history = { count: 200, bytes: "256KB", time: "1h" }
  const laba = await serve({ listen: { port: 0 }, channels: { "/chat/*": { history } } })
  const { code } = await buildClient()
  const routes = {
    "/": new Response(Bun.file(`${import.meta.dir}/index.html`)),
    "/client.js": new Response(code, { headers: { "content-type": "text/javascript; charset=utf-8" } }),
    "/server": Response.json(laba.url),
  }
  const page = Bun.serve({ hostname: "127.0.0.1", port, routes })
  return { url: page.url.href, close: () => page.stop(true).then(laba.close) }
}

if (import.meta.main) console.log(`The room is open at ${(await startChat(8090)).url}`)
