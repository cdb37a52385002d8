// What the shop's HTTP API answers, as the pages read it. The server's own types say what is in it.
import type { Verdict } from "../audit/verdict.ts"
import type { Weather } from "../demo/simulated-trades.ts"
import type { CrowdProgress } from "../demo/crowd-settings.ts"
import type { ticketView } from "../http/ticket-view.ts"
import type { admissionView } from "../http/ticket-view.ts"
import type { saleView } from "../http/sale-view.ts"
import type { Sample } from "./operator/series.ts"

export type SaleView = ReturnType<typeof saleView>
export type Standing = SaleView["standing"]
export type TicketView = ReturnType<typeof ticketView>
export type AdmissionView = ReturnType<typeof admissionView>

/** What only the operator sees. */
export interface OperatorView extends SaleView {
  readonly capacity: number
  readonly live: number
  readonly tickets: number
  readonly unpaid: number
  readonly inflowPerSecond: number | null
  readonly refused: Readonly<Record<string, number>>
  readonly refusedSince: number
  readonly timeToResult: { readonly boundsSeconds: readonly number[]; readonly counts: readonly number[] }
  readonly verdict: Verdict | null
}

export interface CurvesView {
  readonly samples: readonly Sample[]
}

export interface DemoView {
  readonly bornAt: number
  readonly weather: Weather | null
  readonly crowd: CrowdProgress | null
}
