// The tables of `fan-out`: ratios against bare Bun and against nchan, of the same rounds, with the targets beside them.
import type { Way } from "../load/listening.ts"
import type { RunFigures } from "../load/run.ts"
import type { ConnectionMemory } from "./memory.ts"
import { printTable } from "./report.ts"
import { type Spread, spreadOf, spreadOfRatios } from "./spread.ts"

export interface Case {
  readonly peer: string
  readonly way: Way
  readonly listeners: number
  readonly depth: number
}

interface CaseRounds {
  readonly case: Case
  readonly rounds: readonly RunFigures[]
}

interface MemoryRounds {
  readonly peer: string
  readonly way: string
  readonly rounds: readonly ConnectionMemory[]
}

interface Target {
  readonly text: string
  readonly met: boolean
}

/** What Laba has promised itself of server CPU per delivery, and whether the medians keep it. */
function targetsOf(measured: Case, medians: { cpu: number; overBare: number; nchanOver: number }): Target[] {
  const { peer, way, depth, listeners } = measured
  if (peer !== "laba") return []
  if (way === "sse") {
    return depth === 10 && listeners >= 1000 ? [{ text: "≤ 1.5 µs", met: medians.cpu <= 1.5 }] : []
  }
  const hasEnvelope = way === "laba.v1" || way === "stomp"
  const overBareMax = listeners < 1000 ? 2.5 : depth === 1 && !hasEnvelope ? 1.1 : 1.25
  const targets = [{ text: `≤ ${overBareMax} × bare Bun`, met: medians.overBare <= overBareMax }]
  const isBesideNchan = listeners >= 1000 && !hasEnvelope
  const nchanOverMin = !isBesideNchan ? undefined : depth === 4 ? 3 : depth === 64 ? 6 : undefined
  if (nchanOverMin !== undefined && Number.isFinite(medians.nchanOver)) {
    targets.push({ text: `nchan ≥ ${nchanOverMin} ×`, met: medians.nchanOver >= nchanOverMin })
  }
  return targets.filter((each) => each.text.startsWith("nchan") || Number.isFinite(medians.overBare))
}

const inWords = (targets: readonly Target[]): string =>
  targets.map(({ text, met }) => `${text}: ${met ? "kept" : "MISSED"}`).join(", ")

export function fanOutTables(cases: readonly CaseRounds[], memories: readonly MemoryRounds[]): void {
  for (const way of new Set(cases.map((each) => each.case.way))) {
    const rows = cases
      .filter((each) => each.case.way === way)
      .sort((a, b) => a.case.listeners - b.case.listeners || a.case.depth - b.case.depth)
    printTable(
      `${way}: medians of ${rows[0]?.rounds.length ?? 0} rounds (lowest to highest)`,
      [
        "listeners",
        "in flight",
        "server",
        "CPU µs/delivery",
        "× bare Bun",
        "nchan ÷ this",
        "deliveries/s",
        "p50 ms",
        "p99 ms",
        "server busy",
        "generator busy",
        "target",
      ],
      rows.map((row) => {
        const cpu = (from: CaseRounds): number[] => from.rounds.map((each) => each.serverCpuPerDelivery)
        const beside = (peer: string): CaseRounds | undefined =>
          cases.find(
            (each) =>
              each.case.peer === peer &&
              sameWay(each.case.way, way) &&
              each.case.listeners === row.case.listeners &&
              each.case.depth === row.case.depth,
          )
        const bare = beside("bare-bun")
        const nchan = beside("nchan")
        const overBare = bare && spreadOfRatios(cpu(row), cpu(bare))
        const nchanOver = nchan && spreadOfRatios(cpu(nchan), cpu(row))
        return [
          String(row.case.listeners),
          String(row.case.depth),
          row.case.peer,
          inCell(spreadOf(cpu(row))),
          overBare ? inCell(overBare) : "",
          nchanOver ? inCell(nchanOver) : "",
          String(Math.round(spreadOf(row.rounds.map((each) => each.deliveriesPerSecond)).median)),
          short(spreadOf(row.rounds.map((each) => each.p50Ms)).median),
          short(spreadOf(row.rounds.map((each) => each.p99Ms)).median),
          short(spreadOf(row.rounds.map((each) => each.serverBusy)).median),
          short(spreadOf(row.rounds.map((each) => each.generatorBusy)).median),
          inWords(
            targetsOf(row.case, {
              cpu: spreadOf(cpu(row)).median,
              overBare: overBare?.median ?? Number.NaN,
              nchanOver: nchanOver?.median ?? Number.NaN,
            }),
          ),
        ]
      }),
    )
  }
  if (memories.length > 0) memoryTable(memories)
}

/** Bytes that an idle connection to Laba may take beyond one to bare Bun; with `laba.v1` it has one subscription. */
const beyondBareMax = (way: string): number => (way === "laba.v1" || way === "stomp" ? 2560 : 1024)

function memoryTable(memories: readonly MemoryRounds[]): void {
  printTable(
    `Idle connections: medians of ${memories[0]?.rounds.length ?? 0} rounds (lowest to highest)`,
    ["transport", "server", "bytes each", "beyond bare Bun", "connects/s", "target"],
    memories.map(({ peer, way, rounds }) => {
      const bare = memories.find((each) => each.peer === "bare-bun" && sameWay(each.way, way))
      const beyond = bare
        ? rounds.map((each, round) => each.bytes - (bare.rounds[round]?.bytes ?? Number.NaN))
        : []
      return [
        way,
        peer,
        inCell(spreadOf(rounds.map((each) => each.bytes))),
        bare ? inCell(spreadOf(beyond)) : "",
        String(Math.round(spreadOf(rounds.map((each) => each.connectsPerSecond)).median)),
        peer === "laba" && bare
          ? inWords([
              {
                text: `≤ ${beyondBareMax(way)} beyond bare Bun`,
                met: spreadOf(beyond).median <= beyondBareMax(way),
              },
            ])
          : "",
      ]
    }),
  )
}

/** Every protocol over WebSocket is set beside the bare WebSocket. */
function sameWay(reference: string, way: string): boolean {
  return reference === way || (reference === "websocket" && way !== "sse")
}

function inCell(spread: Spread): string {
  return `${short(spread.median)} (${short(spread.min)}-${short(spread.max)})`
}

function short(figure: number): string {
  if (!Number.isFinite(figure)) return "-"
  return Math.abs(figure) >= 100 ? String(Math.round(figure)) : String(Number(figure.toPrecision(3)))
}
