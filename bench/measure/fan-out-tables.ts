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

export interface CaseRounds {
  readonly case: Case
  readonly rounds: readonly RunFigures[]
}

export interface MemoryRounds {
  readonly peer: string
  readonly way: string
  readonly rounds: readonly ConnectionMemory[]
}

/** What Laba has promised itself of server CPU per delivery (DESIGN: Speed). */
function targetOf(measured: Case): string {
  const { way, depth, listeners } = measured
  if (measured.peer !== "laba") return ""
  if (way === "sse") return depth === 10 && listeners >= 1000 ? "≤ 1.5 µs" : ""
  if (listeners < 1000) return "≤ 2.5 × bare"
  const beside = depth === 4 ? ", ≥ 3 × less than nchan" : depth === 64 ? ", ≥ 6 × less than nchan" : ""
  return `≤ ${depth === 1 ? "1.1" : "1.25"} × bare${beside}`
}

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
        "nchan ÷",
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
        return [
          String(row.case.listeners),
          String(row.case.depth),
          row.case.peer,
          inCell(spreadOf(cpu(row))),
          bare ? inCell(spreadOfRatios(cpu(row), cpu(bare))) : "",
          nchan ? inCell(spreadOfRatios(cpu(nchan), cpu(row))) : "",
          String(Math.round(spreadOf(row.rounds.map((each) => each.deliveriesPerSecond)).median)),
          short(spreadOf(row.rounds.map((each) => each.p50Ms)).median),
          short(spreadOf(row.rounds.map((each) => each.p99Ms)).median),
          short(spreadOf(row.rounds.map((each) => each.serverBusy)).median),
          short(spreadOf(row.rounds.map((each) => each.generatorBusy)).median),
          targetOf(row.case),
        ]
      }),
    )
  }
  if (memories.length === 0) return
  printTable(
    "Idle connections (target: Laba at most bare Bun + 1,024 bytes)",
    ["transport", "server", "bytes each", "beyond bare Bun", "connects/s"],
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
