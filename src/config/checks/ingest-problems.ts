// What a shape cannot say about ingest: that there is one kind of source, that templates can be read, where dead letters go;
// and what it comes to. No message holds a setting of a source, which may be a secret.
import { isCanonicalType } from "../../../wire/content-type.ts"
import { LabaError } from "../../../wire/error.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Rules } from "../../channels/rules.ts"
import type { IngestConfig } from "../../ingest/ingest.ts"
import { sourceKinds } from "../../ingest/kinds.ts"
import type { SourceKind } from "../../ingest/source.ts"
import { type RouteConfig, routeProblems } from "../../ingest/template/message-route.ts"
import type { Problem } from "../config-error.ts"
import type { IngestOutput } from "../schema/ingest-schema.ts"
import { deadLetterChannelOf } from "./dead-letter-channels.ts"

type IngestsOutput = Readonly<Record<string, IngestOutput>>

/** Ingests of one node, and channels that one message goes to. */
const ingestsMax = 200
const channelsMax = 20

const kindNames = sourceKinds.map(({ name }) => name)

/** The kinds that are said, of which there should be one. */
const kindsIn = (ingest: IngestOutput): readonly SourceKind[] =>
  sourceKinds.filter(({ name }) => settingsOf(ingest, name) !== undefined)

const settingsOf = (ingest: IngestOutput, kind: string): unknown =>
  (ingest as Readonly<Record<string, unknown>>)[kind]

const listOf = ({ to }: IngestOutput): readonly string[] => to ?? []

const routeOf = (ingest: IngestOutput): RouteConfig => ({
  to: listOf(ingest),
  connection: ingest.connection ?? null,
  when: ingest.when,
  unless: ingest.unless,
  data: ingest.data ?? null,
  type: ingest.type ?? null,
  id: ingest.id ?? null,
})

export function ingestProblems(ingests: IngestsOutput): Problem[] {
  const named = Object.entries(ingests)
  if (named.length > ingestsMax)
    return [{ path: ["ingest"], message: `must be at most ${ingestsMax} entries` }]
  return [
    ...named.flatMap(([name, ingest]) => problemsOf(name, ingest, ["ingest", name])),
    ...rivalProblems(named),
  ]
}

/** Two that read as one reader take messages from each other. */
function rivalProblems(named: readonly (readonly [string, IngestOutput])[]): Problem[] {
  const readers = new Map<string, string>()
  return named.flatMap(([name, ingest]) => {
    const [kind] = kindsIn(ingest)
    const keys = kind?.readersOf?.(settingsOf(ingest, kind.name)).map((reader) => `${kind.name} ${reader}`)
    if (!kind || !keys) return []
    const rival = keys.map((key) => readers.get(key)).find((known) => known !== undefined)
    for (const key of keys) if (!readers.has(key)) readers.set(key, name)
    if (rival === undefined) return []
    const message = `reads what ${rival} reads, as the same reader; give it ${kind.readerName} of its own`
    return [{ path: ["ingest", name], message }]
  })
}

function problemsOf(name: string, ingest: IngestOutput, path: readonly PropertyKey[]): Problem[] {
  const problems: Problem[] = []
  const wrong = (message: string, ...key: PropertyKey[]): void =>
    void problems.push({ path: [...path, ...key], message })
  if (!/^[\w.-]{1,64}$/.test(name) || /^\.+$/.test(name))
    wrong("must be called by 1 to 64 of letters, digits and _ . -")
  const kinds = kindsIn(ingest)
  const [kind, ...others] = kinds
  if (!kind || others.length > 0) {
    const has = kinds.length === 0 ? "none" : kinds.map((one) => one.name).join(" and ")
    wrong(`needs exactly one source of ${kindNames.join(", ")}, and has ${has}`)
    return problems
  }
  const to = listOf(ingest)
  if ((to.length === 0) === (ingest.connection === undefined))
    wrong(`needs \`to\` or \`connection\`${to.length === 0 ? "" : ", not both"}: where its messages go`)
  if (to.length > channelsMax) wrong(`must have at most ${channelsMax} in its list`, "to")
  if (ingest.type !== undefined && !isCanonicalType(ingest.type))
    wrong("must be a content type such as application/json", "type")
  for (const { key, message } of routeProblems(routeOf(ingest), kind)) wrong(message, ...key)
  if (ingest.id !== undefined && kind.positions)
    wrong(`means nothing with ${kind.name}: its messages are known by their positions`, "id")
  if (ingest.deadLetter !== undefined && ingest.deadLetter !== "source") {
    const why = channelProblem(ingest.deadLetter)
    if (why !== null) wrong(why, "deadLetter")
  }
  if (ingest.deadLetter === "source" && !kind.setsAside?.(settingsOf(ingest, kind.name)))
    wrong(`is "source", but ${kind.name} is told no place for dead letters`, "deadLetter")
  for (const message of kind.problems?.(settingsOf(ingest, kind.name)) ?? []) wrong(message, kind.name)
  return problems
}

function channelProblem(text: string): string | null {
  try {
    parseChannel(text, "body")
    return null
  } catch (error) {
    if (!(error instanceof LabaError)) throw error
    return `must be a channel, or "source". ${error.detail}`
  }
}

/** After `ingestProblems` found none. */
export function ingestConfigOf(ingests: IngestsOutput): readonly IngestConfig[] {
  return Object.entries(ingests).map(([name, ingest]) => {
    const kind = kindsIn(ingest)[0] as SourceKind
    const { inFlight, ready } = ingest
    return {
      name,
      kind,
      settings: settingsOf(ingest, kind.name),
      route: routeOf(ingest),
      deadLetter: deadLetterChannelOf(name, ingest) ?? "source",
      inFlight,
      ready,
    }
  })
}

/** What an ingest runs on. */
interface IngestGround {
  readonly engine: { readonly name: string }
  readonly rules: Rules
}

/** What an ingest promises less than once, in sentences; none where it promises that. */
export function ingestCautions(
  { kind, route, name, deadLetter }: IngestConfig,
  { engine, rules }: IngestGround,
): readonly string[] {
  const cautions: string[] = []
  if (deadLetter !== "source" && rules.for(deadLetter).keep === null)
    cautions.push(`what is set aside is lost: ${deadLetter} has no history, so nothing can be replayed`)
  if (!kind.positions && route.id === null)
    cautions.push(
      `at least once: ${kind.name} has no positions, and there is no \`id\`; what comes again is published again`,
    )
  if (engine.name === "memory")
    cautions.push(
      `at least once over a restart: the engine memory forgets what of ${name} it has published, and every message with it`,
    )
  if (route.connection !== null)
    cautions.push("at most once for whoever is not connected: a push to a connection is not kept")
  return cautions
}
