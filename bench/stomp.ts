// What does it cost to bring one message to many STOMP listeners, beside the same messages without an envelope, and RabbitMQ?
import { measureFanOut } from "./measure/fan-out-rounds.ts"
import { readFlags } from "./measure/flags.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  peers: ["bare-bun", "laba", "rabbitmq"],
  ways: ["websocket", "stomp", "web-stomp"],
  listeners: [1000, 5000],
  depths: [1, 4, 64],
  rounds: 5,
  seconds: 2,
  warmSeconds: 1,
  messageBytes: 120,
  memoryConnections: 5000,
  until: "answered",
})

const pairs = peersHere(flags.peers).flatMap((peer) =>
  peer.ways.filter((way) => flags.ways.includes(way)).map((way) => ({ peer, way })),
)
await measureFanOut("stomp", pairs, flags)
