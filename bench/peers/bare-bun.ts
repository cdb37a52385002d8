// The floor: what Bun.serve costs when nothing is numbered, kept or checked. POST publishes to everybody at the same
// path, by a native topic for WebSockets and by one joined write a turn for event streams.
import type { DirectUnderlyingSource, Server } from "bun"

interface Socket {
  readonly path: string
}

interface StreamGroup {
  readonly streams: Set<ReadableStreamDirectController>
  waiting: string
}

const groups = new Map<string, StreamGroup>()
const dirty: StreamGroup[] = []

const server: Server<Socket> = Bun.serve<Socket>({
  development: false,
  reusePort: false,
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const path = request.url.slice(request.url.indexOf("/", 8))
    if (request.method === "POST") {
      const text = await request.text()
      server.publish(path, text, false)
      writeLater(path, text)
      return new Response('{"published":true}', {
        status: 201,
        headers: { "content-type": "application/json" },
      })
    }
    if (request.headers.get("upgrade")) {
      return server.upgrade(request, { data: { path } }) ? undefined : new Response(null, { status: 400 })
    }
    if (request.headers.get("accept") === "text/event-stream") return eventStream(path, request)
    return new Response("ready")
  },
  websocket: {
    sendPings: false,
    idleTimeout: 0,
    backpressureLimit: 4 * 1024 * 1024,
    closeOnBackpressureLimit: true,
    open: (socket) => void socket.subscribe(socket.data.path),
    message() {},
  },
})

function eventStream(path: string, request: Request): Response {
  server.timeout(request, 0)
  let group = groups.get(path)
  if (!group) groups.set(path, (group = { streams: new Set(), waiting: "" }))
  const { streams } = group
  let own: ReadableStreamDirectController
  const source: DirectUnderlyingSource<string> = {
    type: "direct",
    pull(controller) {
      own = controller
      streams.add(controller)
      void controller.write(":\n\n")
      void controller.flush()
    },
    cancel() {
      streams.delete(own)
    },
  }
  // The DOM's types, which win here, know no direct streams.
  const body = new ReadableStream(source as unknown as UnderlyingSource)
  return new Response(body, { headers: { "content-type": "text/event-stream" } })
}

function writeLater(path: string, text: string): void {
  const group = groups.get(path)
  if (!group) return
  if (group.waiting === "" && dirty.push(group) === 1) setImmediate(writeAll)
  group.waiting += `data: ${text}\n\n`
}

/** What came in one turn leaves in one write a stream. */
function writeAll(): void {
  for (const group of dirty.splice(0)) {
    const bytes = Buffer.from(group.waiting)
    group.waiting = ""
    for (const stream of group.streams) {
      void stream.write(bytes)
      void stream.flush()
    }
  }
}

console.log(`http://127.0.0.1:${server.port}`)
