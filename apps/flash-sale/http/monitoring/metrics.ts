// GET /metrics: Prometheus' text format, of the shop's own counters, read when somebody asks.
import { Counter, Gauge, type Metric, Registry } from "prom-client"
import type { Sale } from "../../book/sale.ts"
import type { OutboundTasks } from "../../delivery/outbound-tasks.ts"
import type { ResultSender } from "../../delivery/result-sender.ts"
import { invariantTitles, type InvariantName } from "../../model/invariants.ts"
import type { Shop } from "../shop.ts"
import { type Waits, waitSeconds } from "./waits.ts"

type Labels = Readonly<Record<string, string>>
type Values = number | Iterable<readonly [Labels, number]>

export function metrics(shop: Shop, results: ResultSender, tasks: OutboundTasks): Promise<string> {
  const { counters, checker, sales, cashier, refunds } = shop
  const registry = new Registry()
  const entries = (values: Values) => (typeof values === "number" ? [[{}, values] as const] : [...values])
  const named = (name: string, help: string, values: Values) => ({
    name: `flash_sale_${name}`,
    help,
    registers: [registry],
    labelNames: Object.keys(entries(values)[0]?.[0] ?? {}),
  })
  const count = (name: string, help: string, values: Values): void => {
    // Without a value there are no labels yet, and a number without them would be another series.
    if (entries(values).length === 0) return
    const counter = new Counter(named(name, help, values))
    for (const [labels, value] of entries(values)) counter.inc(labels, value)
  }
  const gauge = (name: string, help: string, values: Values): void => {
    if (entries(values).length === 0) return
    const made = new Gauge(named(name, help, values))
    for (const [labels, value] of entries(values)) made.set(labels, value)
  }
  const each = (value: (sale: Sale) => number): [Labels, number][] =>
    sales.all.map((sale) => [{ sale: sale.id }, value(sale)])

  count("tickets_admitted_total", "Tickets that were given out.", counters.admitted)
  count("tickets_repeated_total", "Tickets that were answered again to the same key.", counters.repeated)
  count("tickets_decided_total", "Tickets whose wait in the queue ended.", counters.decisions.count)
  const refused = [...counters.refused].map(([code, times]) => [{ code }, times] as const)
  count("refused_total", "Refusals, by code.", refused)
  count("results_told_total", "Records that were sent to their holders.", results.told)
  gauge("results_untold", "Records that wait to be sent.", results.backlog)
  gauge("errands_open", "Refunds, webhooks and ends of trades that are still to be done.", tasks.open)
  gauge("refunds_refused", "Refunds that the provider has refused and nobody has settled.", refunds.refused)
  gauge("payment_provider_away", "1 while the provider does not answer.", cashier.isProviderAway ? 1 : 0)
  gauge(
    "queued",
    "Tickets in the queue.",
    each(({ book }) => book.queued),
  )
  gauge(
    "waitlisted",
    "Tickets on a wait-list.",
    each(({ book }) => book.waitlisted),
  )
  gauge(
    "unpaid",
    "Orders that are still to be paid.",
    each(({ book }) => book.pending),
  )
  const units = sales.all.flatMap((sale) =>
    sale.book.items.flatMap(({ id: item, counts }) =>
      (["available", "held", "sold"] as const).map(
        (state) => [{ sale: sale.id, item, state }, counts[state]] as const,
      ),
    ),
  )
  gauge("units", "Units of stock, by state.", units)
  const ahead = each(({ aheadMs }) => aheadMs / 1000)
  gauge("clock_ahead_seconds", "How far a sale's time is ahead of the system's clock.", ahead)
  const replays = each((sale) => sale.replays)
  count("replays_total", "How often a sale's memory was read again after a write that failed.", replays)
  registry.registerMetric(
    histogram("decision_seconds", "From ticket to decision.", [[{}, counters.decisions]]),
  )
  const waits = sales.all.map((sale) => [{ sale: sale.id }, counters.of(sale).results] as const)
  registry.registerMetric(histogram("result_seconds", "From ticket to result, or from the draw.", waits))
  gauge("check_failures", "Checks of the books that came to nothing, in a row.", checker.failures)
  const { verdict } = checker
  if (verdict !== null) {
    const names = Object.keys(invariantTitles) as InvariantName[]
    const broken = names.map((name) => [{ invariant: name }, verdict.findings[name].length] as const)
    gauge("broken", "What breaks a promise, by promise.", broken)
    gauge("checked_at_seconds", "When the books were checked last, in seconds since 1970.", verdict.at / 1000)
  }
  return registry.metrics()
}

/** A histogram of waits that were counted already: the library's own can only observe one by one. */
function histogram(name: string, help: string, waits: readonly (readonly [Labels, Waits])[]): Metric {
  const full = `flash_sale_${name}`
  const values = waits.flatMap(([labels, { counts, count, secondsSum }]) => {
    let sum = 0
    const buckets = [...waitSeconds, "+Inf"].map((le, at) => {
      sum += counts[at] ?? 0
      return { metricName: `${full}_bucket`, labels: { ...labels, le }, value: sum }
    })
    return [
      ...buckets,
      { metricName: `${full}_sum`, labels, value: secondsSum },
      { metricName: `${full}_count`, labels, value: count },
    ]
  })
  const made = { name: full, help, type: "histogram", aggregator: "sum", values }
  return { name: full, get: () => Promise.resolve(made) } as unknown as Metric
}
