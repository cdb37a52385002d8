// The package `ws` on Node, written as its README shows a broadcast: one send for each client.
import { createServer } from "node:http"
import { WebSocketServer } from "ws"

const audiences = new Map()
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false })

const server = createServer((request, response) => {
  const chunks = []
  request.on("data", (chunk) => chunks.push(chunk))
  request.on("end", () => {
    if (request.method === "POST") {
      const text = Buffer.concat(chunks)
      for (const socket of audiences.get(request.url) ?? []) socket.send(text, { binary: false })
    }
    response.writeHead(request.method === "POST" ? 201 : 200, { "content-type": "application/json" })
    response.end('{"published":true}')
  })
})

server.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (client) => {
    let audience = audiences.get(request.url)
    if (!audience) audiences.set(request.url, (audience = new Set()))
    audience.add(client)
    client.on("close", () => audience.delete(client))
    client.on("error", () => {})
  })
})

server.keepAliveTimeout = 0
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
