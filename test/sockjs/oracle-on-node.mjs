// The SockJS server of npm, as an oracle: a service at /echo that sends back what comes. Prints its port.
import { createServer } from "node:http"
import sockjs from "sockjs"

const echo = sockjs.createServer({ prefix: "/echo", log: () => undefined })
echo.on("connection", (connection) => connection.on("data", (message) => connection.write(message)))
const server = createServer((_request, response) => response.writeHead(404).end())
echo.installHandlers(server)
server.listen(0, "127.0.0.1", () => console.log(server.address().port))
