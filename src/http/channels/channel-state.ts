// HEAD /c: where the channel stands. DELETE /c: forget its history and send every listener away.
import { printCursor } from "../../../wire/cursor.ts"
import { readChannel } from "../../access/rules/own-channels.ts"
import { admitPoll } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { listenersOn } from "../listeners-on-nodes.ts"
import { probedPaths } from "./newest.ts"

export async function headChannel(context: ApiContext, request: ApiRequest): Promise<Response> {
  const channel = readChannel(request.identity, request.path, "path")
  // Where a channel stands and how many listen is news of it, as a poll is: the application has its say.
  await admitPoll(context, request, { channel, channels: [], readsHistory: false })
  const state = await context.hub.state(channel)
  if (state.kept === 0 && probedPaths.has(channel)) context.onProbe(channel)
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

export async function deleteChannel(
  { access, hub, nodes }: ApiContext,
  request: ApiRequest,
): Promise<Response> {
  const channel = readChannel(request.identity, request.path, "path")
  access.may(request.identity, "manage", channel)
  // Before they are sent away; while they are asked, some come and go.
  const others = nodes.list.map(({ run }) => run).filter((run) => run !== nodes.self)
  const elsewhere = await listenersOn(nodes, others, channel)
  const { listeners, messages } = await hub.forget(channel)
  const clusterListeners = listeners + elsewhere.clusterListeners
  return Response.json({ channel, listeners, clusterListeners, messages })
}
