// GET /_/api/nodes: the nodes that are alive.
import { z } from "zod"
import type { Route } from "../backend.ts"

const node = z.strictObject({
  run: z.string().describe("Begins the ids of its connections. Another after every restart."),
  name: z.string().describe("What its operator calls it."),
  self: z.boolean().describe("Whether it is the one that answers."),
  address: z.string().describe("Where it can be called at, in the nodes' own network."),
  startedAt: z.int().describe("In milliseconds since 1970."),
  version: z.string(),
  clockOffsetMs: z
    .int()
    .nullable()
    .describe(
      "How far its clock is ahead of that of Redis, in milliseconds; negative when it is behind. Null where there is no Redis, and in the first second.",
    ),
  load: z.strictObject({
    connections: z.int(),
    users: z.int(),
    channels: z.int().describe("Channels that somebody there listens to."),
    residentBytes: z.int(),
  }),
})

export const listNodes: Route = {
  method: "GET",
  path: "/_/api/nodes",
  operationId: "listNodes",
  summary: "List the nodes that are alive",
  description:
    "A node that died is on the list until its lease runs out (`node.lease`); one that was shut down is gone at once. Loads are a second old.",
  answers: { 200: { description: "All of them.", schema: z.strictObject({ nodes: z.array(node) }) } },
  errors: [],
  handle(context, call) {
    call.caller.mayManage()
    const { list, self } = context.nodes
    return Response.json({ nodes: list.map((one) => ({ ...one, self: one.run === self })) })
  },
}
