// GET /_/metrics: the numbers of this node. For this machine without a question, unless the server is open to everybody,
// for others with a key: they tell how much business there is.
import { LabaError } from "../../wire/error.ts"
import { guardLoopback } from "../access/origins/loopback-guard.ts"
import type { Metrics } from "../telemetry/metrics.ts"
import type { Ask, Station } from "./api-request.ts"
import { isThisMachine } from "./backend/authentication.ts"
import type { Admit } from "./backend/backend.ts"
import type { Readiness } from "./health.ts"

interface MetricsOptions {
  readonly metrics: Metrics
  readonly readiness: Readiness
  /** Decides about who is not on this machine. */
  readonly admit: Admit
}

export const metricsPage =
  ({ metrics, readiness, admit }: MetricsOptions) =>
  async (station: Station, ask: Ask): Promise<Response> => {
    if (station.access.isOpen || !isScraperHere(ask)) (await admit(ask)).mayManage()
    // `laba_ready` tells what was last known, so it is looked up first.
    await readiness.reasons()
    return new Response(await metrics.text(), {
      headers: {
        "Content-Type": metrics.contentType,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
      },
    })
  }

/** A program on this machine, and not somebody else through a proxy here or a page in a browser. */
function isScraperHere(ask: Ask): boolean {
  if (!isThisMachine(ask)) return false
  try {
    guardLoopback(ask.request)
    return true
  } catch (error) {
    if (error instanceof LabaError) return false
    throw error
  }
}
