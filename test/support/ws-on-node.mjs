// Listens with the `ws` package on Node and prints one JSON line an event. Runs outside Bun on purpose: Bun replaces
// `ws` by a shim of its own, and the shim is not what users run.
import { WebSocket } from "ws"

const [url, ...protocols] = process.argv.slice(2)
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

const socket = new WebSocket(url, protocols)
socket.on("open", () => say({ event: "open", protocol: socket.protocol }))
socket.on("message", (data, isBinary) => {
  say(
    isBinary
      ? { event: "message", base64: data.toString("base64") }
      : { event: "message", text: data.toString() },
  )
})
socket.on("close", (code, reason) => say({ event: "close", code, reason: reason.toString() }))
socket.on("unexpected-response", (_request, response) =>
  say({ event: "refused", status: response.statusCode }),
)
socket.on("error", (error) => say({ event: "error", message: error.message }))

// What the test writes goes out as messages, a line each.
let rest = ""
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\n")
  rest = lines.pop()
  for (const line of lines) socket.send(line)
})
