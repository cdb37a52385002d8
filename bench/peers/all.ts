// Every peer by name, in the order in which tables show them.
import { join } from "node:path"
import { laba } from "./laba.ts"
import { nchan } from "./nchan.ts"
import type { Peer } from "./peer.ts"
import { rabbitmq } from "./rabbitmq.ts"
import { spring } from "./spring.ts"
import { gaugePath, portInAddress, startServer } from "./start.ts"

const bareBun: Peer = {
  name: "bare-bun",
  ways: ["websocket", "sse"],
  start: () =>
    startServer({
      command: [process.execPath, "--preload", gaugePath, join(import.meta.dir, "bare-bun.ts")],
      portIn: portInAddress,
      gauged: true,
    }),
}

const onNode = (name: string, file: string, ways: Peer["ways"]): Peer => ({
  name,
  ways,
  missing: () => (Bun.which("node") ? undefined : "node is not on the PATH"),
  start: () =>
    startServer({
      command: ["node", "--expose-gc", "--import", gaugePath, join(import.meta.dir, file)],
      portIn: portInAddress,
      gauged: true,
    }),
})

const peers: readonly Peer[] = [
  bareBun,
  laba,
  nchan,
  rabbitmq,
  spring,
  onNode("ws", "ws-node.mjs", ["websocket"]),
  onNode("socket.io", "socket.io-node.mjs", ["socket.io"]),
]

/** The peers that can run here. Each one that cannot is said so, in one loud line. */
export function peersHere(names: readonly string[]): Peer[] {
  for (const name of names) {
    if (!peers.some((peer) => peer.name === name)) {
      throw new Error(`There is no peer named ${name}: ${peers.map((peer) => peer.name).join(", ")}.`)
    }
  }
  return peers.filter((peer) => {
    if (!names.includes(peer.name)) return false
    const missing = peer.missing?.()
    if (missing !== undefined) console.error(`\n!!! SKIPPED ${peer.name}: ${missing}\n`)
    return missing === undefined
  })
}
