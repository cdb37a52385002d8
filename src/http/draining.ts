// What whoever wants to listen is answered by a node that is about to end.
import { LabaError } from "../../wire/error.ts"
import { eventStreamType, retryLine } from "../protocols/server-sent-events.ts"
import type { ApiContext } from "./api-context.ts"

/** Asked before the application is, and after it: that may take until everybody was sent away. `abandon`: they were let in already. */
export function refuseWhileDraining({ shutdown }: Pick<ApiContext, "shutdown">, abandon?: () => void): void {
  if (!shutdown.draining) return
  abandon?.()
  throw new LabaError("shutting_down", "This node takes no new listeners; come back.", {
    retryAfterSeconds: 1,
  })
}

/** A browser's EventSource never comes back after an error status, so it is let in and ended. `abandon`: it was let in already. */
export function goAwayStream(abandon?: () => void): Response {
  abandon?.()
  return new Response(retryLine(1000), {
    headers: { "Content-Type": `${eventStreamType}; charset=utf-8`, "Cache-Control": "no-store" },
  })
}
