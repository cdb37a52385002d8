// What does a listener of `laba.v1` cost, in CPU for each message and in memory, beside a bare WebSocket of Bun?
// That is what a client of ours is to the server: frames in JSON, each with its cursor, and one subscription.
import { measureFanOut } from "./measure/fan-out-rounds.ts"
import { readFlags } from "./measure/flags.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  listeners: [1000, 5000],
  depths: [1, 4, 64],
  rounds: 5,
  seconds: 2,
  warmSeconds: 1,
  messageBytes: 120,
  memoryConnections: 5000,
  until: "answered",
})

const pairs = peersHere(["bare-bun", "laba"]).map((peer) => ({
  peer,
  way: peer.name === "laba" ? ("laba.v1" as const) : ("websocket" as const),
}))
await measureFanOut("client", pairs, flags)
