// /_/api/ingest: how each ingest stands, on every node, and what its operator has it do.
import { z } from "zod"
import { LabaError } from "../../../../wire/error.ts"
import type { IngestCommand } from "../../../cluster/nodes.ts"
import type { IngestReport } from "../../../ingest/ingest.ts"
import type { SeekPlace } from "../../../ingest/source.ts"
import type { BackendContext, Call, Route } from "../backend.ts"

const ingest = z.strictObject({
  node: z.string().describe("The run of the node; what it counts begins anew with it."),
  name: z.string(),
  source: z.string().describe("Its kind and where it reads."),
  state: z
    .enum(["starting", "running", "away", "held", "standby", "paused"])
    .describe(
      "`away`: its source cannot be reached, or refuses it. `held`: the engine takes nothing, so the source waits. `standby`: another node reads.",
    ),
  error: z
    .strictObject({ says: z.string(), time: z.int() })
    .nullable()
    .describe("What went wrong last, and when, in milliseconds since 1970."),
  lag: z.number().nullable().describe("Messages that wait at the source; null when unknown."),
  inFlight: z.int().describe("Messages that were taken and are not answered for."),
  inFlightBytes: z.int(),
  perSecond: z.number().describe("Messages answered for, a second, in the last ten."),
  published: z.int(),
  duplicates: z.int().describe("They were published before."),
  passedOver: z.int().describe("Not meant, by `when` or `unless`."),
  deadLetters: z.int().describe("Set aside since they cannot be published."),
})

export const listIngests: Route = {
  method: "GET",
  path: "/_/api/ingest",
  operationId: "listIngests",
  summary: "List the ingests of all nodes, and how each stands",
  description: "A node that does not answer is left out.",
  answers: {
    200: {
      description: "Every ingest that is configured, once for each node.",
      schema: z.strictObject({ ingest: z.array(ingest) }),
    },
  },
  errors: [],
  async handle(context, call) {
    call.caller.mayManage()
    const answers = await Promise.allSettled(
      context.nodes.list.map(async ({ run }) =>
        (await context.nodes.call(run, "ingest", { action: "report" })).map((one) => inNode(run, one)),
      ),
    )
    return Response.json({ ingest: answers.flatMap((one) => (one.status === "fulfilled" ? one.value : [])) })
  },
}

const inNode = (node: string, report: IngestReport) => ({ node, ...report })

export const pauseIngest: Route = {
  method: "POST",
  path: "/_/api/ingest/{name}/pause",
  operationId: "pauseIngest",
  summary: "Read no more from a source, on all nodes",
  description: "It holds until `resume`, or until a node is started anew.",
  answers: { 204: { description: "It is paused.", schema: null } },
  errors: ["not_found"],
  handle: (context, call) => onAllNodes(context, call, (name) => ({ action: "pause", name })),
}

export const resumeIngest: Route = {
  method: "POST",
  path: "/_/api/ingest/{name}/resume",
  operationId: "resumeIngest",
  summary: "Read on from a source, on all nodes",
  answers: { 204: { description: "It reads.", schema: null } },
  errors: ["not_found"],
  handle: (context, call) => onAllNodes(context, call, (name) => ({ action: "resume", name })),
}

async function onAllNodes(
  context: BackendContext,
  call: Call,
  command: (name: string) => IngestCommand,
): Promise<Response> {
  call.caller.mayManage()
  await tellAll(context, command(knownName(context, call)))
  return new Response(null, { status: 204 })
}

/** One node that does not carry it out is an error: who asked must know. */
function tellAll(
  { nodes }: BackendContext,
  command: IngestCommand,
  isMeant: (run: string) => boolean = () => true,
): Promise<(readonly IngestReport[])[]> {
  const runs = nodes.list.map(({ run }) => run).filter(isMeant)
  return Promise.all(runs.map((run) => nodes.call(run, "ingest", command, waitMs)))
}

/** Where somebody has paused it, who alone lets it go on. */
async function nodesThatPause({ nodes }: BackendContext, name: string): Promise<ReadonlySet<string>> {
  const paused = await Promise.all(
    nodes.list.map(async ({ run }) => {
      const reports = await nodes.call(run, "ingest", { action: "report" }, waitMs)
      return reports.some((report) => report.name === name && report.state === "paused") ? [run] : []
    }),
  )
  return new Set(paused.flat())
}

/** What is under way may have to be answered by the engine first. */
const waitMs = 10_000

function knownName({ ingests }: BackendContext, call: Call): string {
  const name = call.path["name"] as string
  if (ingests.names.includes(name)) return name
  throw new LabaError("not_found", "There is no ingest of this name.")
}

const replayed = z.strictObject({
  published: z.int(),
  already: z.int().describe("They were replayed before."),
  failed: z
    .array(z.strictObject({ cursor: z.string(), reason: z.string() }))
    .describe("What still cannot be published, the first hundred. It stays where it is."),
})

export const replayIngest: Route = {
  method: "POST",
  path: "/_/api/ingest/{name}/replay",
  operationId: "replayIngest",
  summary: "Publish again",
  description:
    "Without `from` or `partition`, what was set aside in the channel of dead letters, each message once, however often this is called. Else the source is read anew from an earlier place, and everything from there on is published again; that takes a source that can go back (Kafka, NATS, Redis streams, PostgreSQL).",
  query: {
    from: {
      description: "`start`, or a time in milliseconds since 1970.",
      schema: z.string(),
    },
    partition: { description: "Only this partition of the source, from `position` on.", schema: z.string() },
    position: { description: "The first that is read again, as dead letters name it.", schema: z.string() },
  },
  answers: {
    200: {
      description: "What came of the dead letters; with a place, that the source is read anew from there.",
      schema: replayed,
    },
  },
  errors: ["not_found", "bad_query", "bad_request"],
  async handle(context, call) {
    call.caller.mayManage()
    const name = knownName(context, call)
    const place = placeIn(call)
    if (place === null) return Response.json(await context.ingests.replay(name))
    const pausedNodes = await nodesThatPause(context, name)
    // First nothing is under way anywhere, so that nothing is known again of what is to be published anew.
    await tellAll(context, { action: "release", name })
    try {
      const went = await tellAll(context, { action: "seek", name, place })
      if (went.every((reports) => reports.length === 0))
        throw new LabaError(
          "bad_request",
          "No node reads there now: this is no partition of its source, or the source is away.",
        )
      // Only now: where nobody goes back, nothing may be published a second time.
      const partition = typeof place === "object" && "partition" in place ? place.partition : null
      await context.ingests.forgetPublished(name, partition)
    } finally {
      await tellAll(context, { action: "resume", name }, (run) => !pausedNodes.has(run))
    }
    return Response.json({ published: 0, already: 0, failed: [] })
  },
}

/** Throws `bad_query`. */
function placeIn({ query: { from, partition, position } }: Call): SeekPlace | null {
  if (from === undefined && partition === undefined && position === undefined) return null
  if (partition !== undefined && position !== undefined && from === undefined) return { partition, position }
  if (from === "start") return "start"
  if (from !== undefined && /^\d{1,15}$/.test(from)) return { time: Number(from) }
  throw new LabaError(
    "bad_query",
    "`from` is `start` or a time in milliseconds since 1970; `partition` and `position` go together, without it.",
  )
}
