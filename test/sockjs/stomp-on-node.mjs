// STOMP over SockJS as a Node program has it: @stomp/stompjs over sockjs-client, by one transport, as their documentation says. Listens,
// sends to the application and to everybody, is answered, and prints what it noted.
import { Client } from "@stomp/stompjs"
import SockJS from "sockjs-client"

const [url, transport, destination] = process.argv.slice(2)
const noted = { transport: "", heard: [], answers: [], beats: "", errors: [] }

const client = new Client({
  webSocketFactory: () => new SockJS(url, null, { transports: [transport] }),
  reconnectDelay: 0,
  onConnect(frame) {
    noted.transport = client.webSocket._transport.transportName
    noted.beats = frame.headers["heart-beat"]
    client.subscribe("/user/queue/seckill", ({ body }) => {
      noted.answers.push(body)
      endWhenAllIsHere()
    })
    client.watchForReceipt("listening", () => {
      client.publish({ destination: "/app/seckill", body: "a phone" })
      for (const body of ["one", "zwei ü", "三 100% \u2028"]) client.publish({ destination, body })
    })
    client.subscribe(
      destination,
      ({ body }) => {
        noted.heard.push(body)
        endWhenAllIsHere()
      },
      { receipt: "listening" },
    )
  },
  onStompError: ({ headers }) => noted.errors.push(headers.code),
  onWebSocketClose: ({ code, reason }) => print(code, reason),
})

function endWhenAllIsHere() {
  if (noted.heard.length === 3 && noted.answers.length === 1) void client.deactivate()
}

function print(code, reason) {
  console.log(JSON.stringify({ ...noted, end: [code, reason] }))
  process.exit(0)
}

client.activate()
