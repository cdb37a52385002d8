// GET /metrics: Prometheus' text format.
import type { ResultSender } from "../../delivery/result-sender.ts"
import { invariantTitles, type InvariantName } from "../../model/invariants.ts"
import type { OutboundTasks } from "../../delivery/outbound-tasks.ts"
import type { Shop } from "../shop.ts"
import { type Waits, waitSeconds } from "./waits.ts"

export function metrics(shop: Shop, tellings: ResultSender, errands: OutboundTasks): string {
  const { counters, checker, sales } = shop
  const lines: string[] = []
  const add = (name: string, kind: "counter" | "gauge", rows: readonly (readonly [string, number])[]) => {
    lines.push(`# TYPE flash_sale_${name} ${kind}`)
    for (const [labels, value] of rows) lines.push(`flash_sale_${name}${labels} ${value}`)
  }
  add("tickets_admitted_total", "counter", [["", counters.admitted]])
  add("tickets_repeated_total", "counter", [["", counters.repeated]])
  add("tickets_decided_total", "counter", [["", counters.decisions.count]])
  add(
    "refused_total",
    "counter",
    [...counters.refused].map(([code, count]) => [`{code="${code}"}`, count]),
  )
  add("results_told_total", "counter", [["", tellings.told]])
  add("results_untold", "gauge", [["", tellings.backlog]])
  add("errands_open", "gauge", [["", errands.open]])
  add("refunds_refused", "gauge", [["", shop.refunds.refused]])
  add("payment_provider_away", "gauge", [["", shop.cashier.isProviderAway ? 1 : 0]])
  const each = (value: (book: (typeof sales.all)[number]["book"]) => number) =>
    sales.all.map((sale): [string, number] => [`{sale="${sale.id}"}`, value(sale.book)])
  add(
    "queued",
    "gauge",
    each((book) => book.queued),
  )
  add(
    "waitlisted",
    "gauge",
    each((book) => book.waitlisted),
  )
  add(
    "unpaid",
    "gauge",
    each((book) => book.pending),
  )
  add(
    "units",
    "gauge",
    sales.all.flatMap((sale) =>
      sale.book.items.flatMap(({ id, counts }) =>
        (["available", "held", "sold"] as const).map((state): [string, number] => [
          `{sale="${sale.id}",item="${id}",state="${state}"}`,
          counts[state],
        ]),
      ),
    ),
  )
  add(
    "clock_ahead_seconds",
    "gauge",
    sales.all.map((sale): [string, number] => [`{sale="${sale.id}"}`, sale.aheadMs / 1000]),
  )
  add(
    "replays_total",
    "counter",
    sales.all.map((sale): [string, number] => [`{sale="${sale.id}"}`, sale.replays]),
  )
  const addWaits = (name: string, rows: readonly (readonly [string, Waits])[]) => {
    lines.push(`# TYPE flash_sale_${name} histogram`)
    for (const [label, { counts, count, secondsSum }] of rows) {
      let sum = 0
      for (const [at, bound] of [...waitSeconds, "+Inf"].entries()) {
        sum += counts[at] ?? 0
        lines.push(`flash_sale_${name}_bucket{${label}${label && ","}le="${bound}"} ${sum}`)
      }
      const labels = label && `{${label}}`
      lines.push(
        `flash_sale_${name}_sum${labels} ${secondsSum}`,
        `flash_sale_${name}_count${labels} ${count}`,
      )
    }
  }
  addWaits("decision_seconds", [["", counters.decisions]])
  addWaits(
    "result_seconds",
    sales.all.map((sale) => [`sale="${sale.id}"`, counters.of(sale).results]),
  )
  const { verdict } = checker
  add("check_failures", "gauge", [["", checker.failures]])
  if (verdict) {
    const names = Object.keys(invariantTitles) as InvariantName[]
    add(
      "broken",
      "gauge",
      names.map((name) => [`{invariant="${name}"}`, verdict.findings[name].length]),
    )
    add("checked_at_seconds", "gauge", [["", verdict.at / 1000]])
  }
  return `${lines.join("\n")}\n`
}
