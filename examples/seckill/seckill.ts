// A page written for Spring, with SockJS and STOMP, and the application behind it: `bun examples/seckill/seckill.ts`, then open the printed
// address in two windows. The page's own server hands it out and passes what is below /websocket on, as nginx or Caddy does in front of Laba.
import { type Laba, serve } from "laba"

const stock = 3

/** The sale: what is sent to /app/seckill is decided here, and everybody hears the result. */
function openSale(): Promise<Laba> {
  let left = stock
  const sale = serve({
    listen: { port: 0 },
    sockjs: { paths: { "/websocket": "stomp" } },
    async onMessage({ channel, data }) {
      if (channel !== "/app/seckill") return
      const { buyer } = JSON.parse(String(data)) as { buyer: string }
      const won = left > 0
      if (won) left--
      await (await sale).publish("/topic/seckillResult", { buyer, won, left })
      return { publish: false }
    },
  })
  return sale
}

/** The libraries as npm has them. A page of yours may have them from a CDN. */
const libraries: Record<string, string> = {
  "/sockjs.min.js": "sockjs-client/dist/sockjs.min.js",
  "/stomp.umd.min.js": "@stomp/stompjs/bundles/stomp.umd.min.js",
}

interface Bridge {
  /** Laba's end. */
  readonly inner: WebSocket
  readonly opened: Promise<void>
}

/** Opens the page and the sale behind it; 0 is any free port. */
export async function openSeckill(port = 0) {
  const sale = await openSale()
  const pages = Bun.serve<Bridge>({
    hostname: "127.0.0.1",
    port,
    idleTimeout: 0,
    fetch(request, server) {
      const { pathname, search } = new URL(request.url)
      const library = libraries[pathname]
      if (pathname === "/") return new Response(Bun.file(new URL("./index.html", import.meta.url)))
      if (library) return new Response(Bun.file(new URL(`../../node_modules/${library}`, import.meta.url)))
      if (!pathname.startsWith("/websocket")) return new Response("Not found", { status: 404 })
      const target = sale.url + pathname + search
      if (request.headers.get("upgrade") !== "websocket")
        return fetch(target, { method: request.method, body: request.body, redirect: "manual" })
      const inner = new WebSocket(target.replace("http", "ws"))
      const opened = new Promise<void>((resolve) => inner.addEventListener("open", () => resolve()))
      if (server.upgrade(request, { data: { inner, opened } })) return
      return new Response("No WebSocket", { status: 400 })
    },
    websocket: {
      open(outer) {
        const { inner } = outer.data
        inner.onmessage = ({ data }) => void outer.send(String(data))
        inner.onclose = ({ code, reason }) => outer.close(code === 1005 ? 1000 : code, reason)
      },
      message: (outer, message) => void outer.data.opened.then(() => outer.data.inner.send(message)),
      close: (outer) => outer.data.inner.close(),
    },
  })
  return {
    url: pages.url.href,
    async [Symbol.asyncDispose]() {
      await pages.stop(true)
      await sale.close()
    },
  }
}

if (import.meta.main) console.log(`The sale is open at ${(await openSeckill(8091)).url}`)
