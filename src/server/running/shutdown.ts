// The end of a node: it stops accepting, gives out what it has accepted, sends everybody away over a window, and closes
// what it holds.
import { setTimeout as pause } from "node:timers/promises"
import type { Server } from "bun"
import { within } from "../../bounds/within.ts"
import type { Socket } from "../../transports/websocket/socket.ts"
import type { Operation } from "../operator-routes.ts"
import type { Parts } from "../node.ts"

/** How far a node is on its way out. */
export interface Leave {
  /** `/_/ready` says no; everybody is still let in and served. */
  leaving: boolean
  /** Nobody new is let in. */
  draining: boolean
}

/** Time for close frames and the ends of streams to reach who still reads. */
const lastWordMs = 500

/** Time for backends to hear who was sent away. What they have not heard by then is told after a restart, with a directory to remember it in. */
const tellsWaitMs = 5000

interface ShutdownOptions {
  readonly parts: Parts
  readonly server: Server<Socket>
  readonly operation: Operation
}

export async function shutDown({ parts, server, operation }: ShutdownOptions): Promise<void> {
  const { leave, limits, events, hub, station, connections, presence, cluster, wheel, slowReaders } = parts
  const { inFlight } = parts
  const drainMs = limits.drainSeconds * 1000
  leave.leaving = true
  events.draining({ connections: connections.size, seconds: limits.drainSeconds })
  // Until those who ask `/_/ready` have had the time to learn.
  if (limits.drainGraceSeconds > 0) await pause(limits.drainGraceSeconds * 1000)
  leave.draining = true
  const stopped = server.stop()
  // What was accepted is given out before anybody is sent away, and written: Bun writes after the turn.
  await within(drainMs, hub.delivered())
  await new Promise((resolve) => setImmediate(resolve))
  station.holds.answerAll()
  // Those who were let in before have an answer to come: they wait for a backend, for the engine, for lagging listeners.
  await Promise.all([connections.sendAllAway(drainMs), within(drainMs, inFlight.none())])
  await new Promise((resolve) => setImmediate(resolve))
  // Those who do not take their leave are cut.
  await within(lastWordMs, stopped)
  await server.stop(true)
  wheel.stop()
  slowReaders.stop()
  presence.stop()
  await within(lastWordMs, cluster.stop())
  operation.stop()
  parts.watches.stop()
  await station.application.remote?.close(tellsWaitMs)
  await hub.engine.close()
  events.stopped()
}
