// GET /_/api/hooks: the backends that this node asks and tells, and what went wrong with them last.
import { z } from "zod"
import { viewOf } from "../../../hooks/remote/hook-view.ts"
import type { Route } from "../backend.ts"

const view = z.strictObject({
  name: z.string(),
  pattern: z.string().describe("The channels it has a say about."),
  dialect: z.enum(["laba", "tencent"]),
  urls: z.record(z.string(), z.string()).describe("By event, without their queries."),
  circuit: z
    .enum(["closed", "open", "half-open"])
    .describe("Open: the backend has not answered lately and is left alone; half-open: one request tries."),
  triesInSeconds: z.int().describe("Until an open circuit lets a request try."),
  concurrency: z.strictObject({
    inFlight: z.int(),
    limit: z.int().describe("Requests at once, now: fewer while the backend is slow or fails."),
    max: z.int(),
    peak: z.int().describe("The most that there were at once."),
  }),
  asksWaiting: z.int().describe("Clients that wait for a place."),
  tellsPending: z.int().describe("What the backend has not heard yet."),
  oldestTell: z.number().nullable().describe("When the oldest of them happened, in milliseconds since 1970."),
  asked: z.int(),
  told: z.int(),
  refused: z.int().describe("Times that the backend said no."),
  failed: z.int().describe("Requests that came to nothing."),
  errors: z
    .array(
      z.strictObject({
        time: z.number(),
        kind: z.string().describe("The event."),
        id: z.string().describe("Its `ce-id`, which names the connection."),
        says: z.string(),
      }),
    )
    .describe("The last ones, the newest first."),
})

export const listHooks: Route = {
  method: "GET",
  path: "/_/api/hooks",
  operationId: "listHooks",
  summary: "List the hooks of this node and what went wrong last",
  answers: {
    200: {
      description: "Every hook that is configured.",
      schema: z.strictObject({
        durable: z.boolean().describe("Whether what has to be told outlives this process."),
        registered: z.int().describe("Connections that a backend was told of and not yet of their end."),
        hooks: z.array(view),
      }),
    },
  },
  errors: [],
  handle({ application: { remote } }, call) {
    call.caller.mayManage()
    return Response.json({
      durable: remote?.durable ?? false,
      registered: remote?.registrations.size ?? 0,
      hooks: remote?.routes.all.map(viewOf) ?? [],
    })
  },
}
