// The end of a node: it stops accepting, gives out what it has accepted, sends everybody away over a window, and closes
// what it holds.
import { setTimeout as pause } from "node:timers/promises"
import { within } from "../../bounds/within.ts"
import type { HttpServer } from "../../transports/bun-server.ts"
import type { Node } from "../node.ts"
import type { OperatorRoutes } from "../operator-routes.ts"

/** Time for close frames and the ends of streams to reach who still reads. */
const lastWordMs = 500

/** Time for backends to hear who was sent away. What they have not heard by then is told after a restart, with a directory to remember it in. */
const tellsWaitMs = 5000

interface ShutdownOptions {
  readonly node: Node
  readonly server: HttpServer
  readonly operatorRoutes: OperatorRoutes
}

export async function shutDown({ node, server, operatorRoutes }: ShutdownOptions): Promise<void> {
  const { shutdown, limits, events, hub, connections, heldPolls, inFlight } = node
  const drainMs = limits.drainSeconds * 1000
  shutdown.leaving = true
  events.draining({ connections: connections.size, seconds: limits.drainSeconds })
  // Until those who ask `/_/ready` have had the time to learn.
  if (limits.drainGraceSeconds > 0) await pause(limits.drainGraceSeconds * 1000)
  shutdown.draining = true
  const stopped = server.stop()
  node.stompPort.stop()
  // What was taken from sources is published, or given back to whoever reads on.
  await node.ingests.stop(drainMs)
  // What was accepted is given out before anybody is sent away, and written: Bun writes after the turn.
  await within(drainMs, hub.delivered())
  await new Promise((resolve) => setImmediate(resolve))
  heldPolls.answerAll()
  // Those who were let in before have an answer to come: they wait for a backend, for the engine, for lagging listeners.
  await Promise.all([connections.sendAllAway(drainMs), within(drainMs, inFlight.none())])
  await new Promise((resolve) => setImmediate(resolve))
  // Those who do not take their leave are cut.
  await within(lastWordMs, stopped)
  await server.stop(true)
  node.wheel.stop()
  node.slowReaders.stop()
  node.presence.stop()
  await within(lastWordMs, node.cluster.stop())
  operatorRoutes.stop()
  node.watches.stop()
  await node.application.remote?.close(tellsWaitMs)
  await node.engine.close()
  events.stopped()
}

/** Closes what a node holds that did not come to serve; `server` where it listened already. */
export async function abandon(node: Node, server: HttpServer | null = null): Promise<void> {
  const { application, cluster, engine, stompPort } = node
  stompPort.stop()
  await node.ingests.stop(0)
  await server?.stop(true)
  await application.remote?.close(0)
  await cluster.stop()
  await engine.close()
}
