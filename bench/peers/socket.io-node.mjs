// Socket.IO on Node over its websocket transport alone. POST emits to the room that is named by its path; a listener
// names its room in the query. With BENCH_REDIS its nodes meet over the Redis streams adapter.
import { createServer } from "node:http"
import { Server } from "socket.io"

const server = createServer((request, response) => {
  let text = ""
  request.setEncoding("utf8")
  request.on("data", (chunk) => (text += chunk))
  request.on("end", () => {
    if (request.method === "POST") io.to(request.url).emit("message", text)
    response.writeHead(request.method === "POST" ? 201 : 200, { "content-type": "application/json" })
    response.end('{"published":true}')
  })
})

const io = new Server(server, {
  transports: ["websocket"],
  serveClient: false,
  perMessageDeflate: false,
  ...(process.env.BENCH_REDIS && { adapter: await overRedis(process.env.BENCH_REDIS) }),
})
io.on("connection", (socket) => void socket.join(socket.handshake.query.room))

async function overRedis(address) {
  const { Redis } = await import("ioredis")
  const { createAdapter } = await import("@socket.io/redis-streams-adapter")
  return createAdapter(new Redis(address))
}

server.keepAliveTimeout = 0
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
