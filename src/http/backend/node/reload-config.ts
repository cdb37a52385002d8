// POST /_/api/config/reload: read the configuration again, or try what that would change.
import { z } from "zod"
import type { Route } from "../backend.ts"
import { truthOf } from "../requests/query.ts"

const report = z.strictObject({
  dry: z.boolean(),
  changes: z.array(
    z.strictObject({
      key: z.string().describe("The key that was changed, for example `limits.drainSeconds`."),
      holds: z
        .enum(["now", "after-restart", "not-yet"])
        .describe(
          "From when on it holds. `not-yet`: it could not be carried out; the old value holds, and the next reload tries again.",
        ),
      detail: z.string().optional().describe("Why it does not hold yet, and what does."),
    }),
  ),
})

export const reloadConfig: Route = {
  method: "POST",
  path: "/_/api/config/reload",
  operationId: "reloadConfig",
  summary: "Read the configuration again",
  description:
    "Rules, credentials and limits hold at once, also for who is connected already; the rest waits for a restart and says so. A configuration with mistakes changes nothing.",
  query: {
    dry: { description: "Only say what would change.", schema: z.boolean().default(false) },
  },
  answers: { 200: { description: "What was changed, or would be.", schema: report } },
  errors: ["bad_query", "bad_config", "not_found"],
  async handle(context, call) {
    call.caller.mayManage()
    return Response.json(await context.reloader.reload(truthOf(call, "dry")))
  },
}
