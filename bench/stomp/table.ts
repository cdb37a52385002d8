// The table of `stomp`: each server beside our raw WebSocket and beside our STOMP, as ratios of the same rounds.
import { printTable } from "../measure/report.ts"
import { rounded, type Spread, spreadOf, spreadOfRatios } from "../measure/spread.ts"
import type { RunFigures } from "../load/run.ts"
import type { CaseRounds } from "./rounds.ts"

type Figure = (figures: RunFigures) => number

const cpu: Figure = (figures) => figures.serverCpuPerDelivery
const p50: Figure = (figures) => figures.p50Ms
const p99: Figure = (figures) => figures.p99Ms

/** What STOMP may cost beyond a message without an envelope, and what RabbitMQ must cost beyond it. */
const overRawMax = 1.4
const rabbitOverMin = 3

export function stompTable(cases: readonly CaseRounds[]): void {
  const rows = [...cases].sort((a, b) => a.case.listeners - b.case.listeners || a.case.depth - b.case.depth)
  printTable(
    "STOMP: medians of the rounds (lowest to highest)",
    [
      "listeners",
      "in flight",
      "server",
      "rounds",
      "CPU µs/delivery",
      "CPU, × our raw",
      "CPU, × our STOMP",
      "p50 ms",
      "p50, × our STOMP",
      "p99 ms",
      "p99, × our STOMP",
      "deliveries/s",
      "server busy",
      "generator busy",
      "undelivered",
      "target",
    ],
    rows.map((row) => {
      const beside = (way: string): CaseRounds | undefined =>
        cases.find(
          (each) =>
            each.case.way === way &&
            each.case.peer === "laba" &&
            each.case.listeners === row.case.listeners &&
            each.case.depth === row.case.depth,
        )
      const raw = beside("websocket")
      const stomp = beside("stomp")
      return [
        String(row.case.listeners),
        String(row.case.depth),
        `${row.case.peer} ${row.case.way}`,
        String(row.rounds.length),
        inCell(spreadOf(row.rounds.map(cpu))),
        ratio(row, raw, cpu),
        ratio(row, stomp, cpu),
        inCell(spreadOf(row.rounds.map(p50))),
        ratio(row, stomp, p50),
        inCell(spreadOf(row.rounds.map(p99))),
        ratio(row, stomp, p99),
        String(Math.round(spreadOf(row.rounds.map((each) => each.deliveriesPerSecond)).median)),
        inCell(spreadOf(row.rounds.map((each) => each.serverBusy))),
        inCell(spreadOf(row.rounds.map((each) => each.generatorBusy))),
        String(row.rounds.reduce((sum, each) => sum + each.undelivered, 0)),
        targetOf(row, { raw, stomp }),
      ]
    }),
  )
}

function targetOf(
  row: CaseRounds,
  beside: { raw: CaseRounds | undefined; stomp: CaseRounds | undefined },
): string {
  if (row.case.listeners < 1000) return ""
  if (row.case.way === "stomp" && beside.raw) {
    const kept = ratios(row, beside.raw, cpu).median <= overRawMax
    return `≤ ${overRawMax} × raw: ${kept ? "kept" : "MISSED"}`
  }
  if (row.case.peer === "rabbitmq" && beside.stomp) {
    const kept = ratios(row, beside.stomp, cpu).median >= rabbitOverMin
    return `≥ ${rabbitOverMin} × our STOMP: ${kept ? "kept" : "MISSED"}`
  }
  return ""
}

function ratios(row: CaseRounds, beside: CaseRounds, of: Figure): Spread {
  const inRounds = (from: CaseRounds): number[] =>
    Array.from({ length: from.byRound.length }, (_, round) => {
      const figures = from.byRound[round]
      return figures === undefined ? Number.NaN : of(figures)
    })
  return spreadOfRatios(inRounds(row), inRounds(beside))
}

function ratio(row: CaseRounds, beside: CaseRounds | undefined, of: Figure): string {
  return beside === undefined ? "" : inCell(ratios(row, beside, of))
}

function inCell({ median, min, max }: Spread): string {
  const cell = [median, min, max].map((figure) => {
    const short = rounded(figure)
    return short === null ? "-" : String(Number(short.toPrecision(3)))
  })
  return `${cell[0]} (${cell[1]}-${cell[2]})`
}
