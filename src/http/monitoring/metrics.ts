// GET /_/metrics: the numbers of this node. For this machine without a question, unless the server is open to everybody,
// for others with a key: they tell how much business there is.
import { LabaError } from "../../../wire/error.ts"
import { guardLoopback } from "../../access/origins/loopback-guard.ts"
import type { Metrics } from "../../telemetry/metrics.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { isLocal } from "../backend/authentication.ts"
import type { Authenticate } from "../backend/backend.ts"
import type { Readiness } from "./health.ts"

interface MetricsOptions {
  readonly metrics: Metrics
  readonly readiness: Readiness
  /** Decides about who is not on this machine. */
  readonly authenticate: Authenticate
}

export const metricsPage =
  ({ metrics, readiness, authenticate }: MetricsOptions) =>
  async ({ access }: ApiContext, request: ApiRequest): Promise<Response> => {
    if (access.isOpen || !isScraperHere(request)) (await authenticate(request)).mayManage()
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
function isScraperHere(request: ApiRequest): boolean {
  if (!isLocal(request)) return false
  try {
    guardLoopback(request.raw)
    return true
  } catch (error) {
    if (error instanceof LabaError) return false
    throw error
  }
}
