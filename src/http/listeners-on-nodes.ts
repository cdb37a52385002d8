// Who listens to a channel on all nodes: asked of them, so only where somebody waits for it and it is rare. What a publish
// answers is this node's alone: asking would cost every publish a round trip.
import type { Channel } from "../channels/channel.ts"
import type { Nodes } from "../cluster/nodes.ts"

/** Whoever asks waits for the count. A node that does not answer by then is not counted. */
const countWithinMs = 1000

/** How many connections listen on these nodes together, and on how many of them some do. */
export async function listenersOn(
  nodes: Nodes,
  runs: Iterable<string>,
  channel: Channel,
): Promise<{ readonly clusterListeners: number; readonly nodes: number }> {
  const counts = await Promise.all(
    Array.from(new Set(runs), (run) =>
      nodes.call(run, "listeners", { channel }, countWithinMs).catch(() => ({ listeners: 0 })),
    ),
  )
  const heard = counts.map(({ listeners }) => listeners).filter((count) => count > 0)
  return { clusterListeners: heard.reduce((sum, count) => sum + count, 0), nodes: heard.length }
}
