// Socket.IO on Node over its websocket transport alone: POST emits to everybody in the default namespace.
import { createServer } from "node:http"
import { Server } from "socket.io"

const server = createServer((request, response) => {
  let text = ""
  request.setEncoding("utf8")
  request.on("data", (chunk) => (text += chunk))
  request.on("end", () => {
    if (request.method === "POST") io.emit("message", text)
    response.writeHead(request.method === "POST" ? 201 : 200, { "content-type": "application/json" })
    response.end('{"published":true}')
  })
})

const io = new Server(server, { transports: ["websocket"], serveClient: false, perMessageDeflate: false })

server.keepAliveTimeout = 0
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
