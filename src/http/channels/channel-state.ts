// HEAD /c: where the channel stands. DELETE /c: forget its history and send every listener away.
import { printCursor } from "../../../wire/cursor.ts"
import { listenersOn } from "../listeners-on-nodes.ts"
import { probedPaths } from "./newest.ts"
import type { Ask, Station } from "../api-request.ts"
import { enterOnce } from "../admission.ts"

export async function head(station: Station, ask: Ask): Promise<Response> {
  const channel = station.access.channelOf(ask.identity, ask.path, "path")
  // Where a channel stands and how many listen is news of it, as a poll is: the application has its say.
  await enterOnce(station, ask, { channel, channels: [], readsHistory: false })
  const state = await station.shared.hub.state(channel)
  if (state.kept === 0 && probedPaths.has(channel)) station.onProbe(channel)
  return new Response(null, {
    headers: {
      "Cache-Control": "no-store",
      "Laba-Cursor": printCursor(channel, state.tail),
      "Laba-History": state.history,
      "Laba-History-Length": String(state.kept),
      "Laba-Listeners": String(state.listeners),
    },
  })
}

export async function remove(station: Station, ask: Ask): Promise<Response> {
  const channel = station.access.channelOf(ask.identity, ask.path, "path")
  station.access.may(ask.identity, "manage", channel)
  const { nodes } = station
  // Before they are sent away; while they are asked, some come and go.
  const others = nodes.list.map(({ run }) => run).filter((run) => run !== nodes.self)
  const elsewhere = await listenersOn(nodes, others, channel)
  const { listeners, messages } = await station.shared.hub.forget(channel)
  const clusterListeners = listeners + elsewhere.clusterListeners
  return Response.json({ channel, listeners, clusterListeners, messages })
}
