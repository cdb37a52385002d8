// What the operator can do: make a sale, open, pause and close it, change its pace, take an order back, and look.
import { z } from "zod"
import { saleSchema } from "../model/sale.ts"
import { invariantTitles } from "../model/invariants.ts"
import { ordersCsv } from "../shop/orders-csv.ts"
import { capacityNow } from "../book/decide.ts"
import type { Sale } from "../book/sale.ts"
import { answer, Problem } from "./answers.ts"
import { bodyOf } from "./body.ts"
import { saleOf } from "./buyer.ts"
import { saleView } from "./sale-view.ts"
import { waitSeconds } from "./waits.ts"
import type { Endpoint, Shop } from "./shop.ts"

export const createSale: Endpoint = async (shop, ask) => {
  const given = saleSchema.safeParse(await bodyOf(ask.request))
  if (!given.success) throw new Problem(400, "bad_sale", z.prettifyError(given.error))
  const sale = shop.sales.create(given.data)
  if (!sale) throw new Problem(409, "sale_exists", "There is a sale of this id.")
  shop.wake()
  return answer(operatorView(shop, sale), 201)
}

export const inspectSale: Endpoint = (shop, ask) => {
  return answer(operatorView(shop, saleOf(shop, ask)))
}

export const showCurves: Endpoint = (shop, ask) => {
  return answer({ samples: shop.counters.of(saleOf(shop, ask)).series.samples })
}

/** From each phase, where an operator may take it. Closed is for good. */
const moves = {
  open: { from: ["scheduled", "paused"], to: "open" },
  pause: { from: ["open"], to: "paused" },
  close: { from: ["scheduled", "open", "paused"], to: "closed" },
} as const

const moveTo =
  (name: keyof typeof moves): Endpoint =>
  (shop, ask) => {
    const sale = saleOf(shop, ask)
    const { from, to } = moves[name]
    const { phase } = sale.book
    if (phase !== to) {
      if (!(from as readonly string[]).includes(phase))
        throw new Problem(409, "wrong_phase", `A sale that is ${phase} cannot be made ${to}.`)
      if (name === "open" && phase === "scheduled") sale.openNow()
      else sale.setPhase(to)
    }
    shop.wake()
    return answer(operatorView(shop, sale))
  }

export const openSale = moveTo("open")
export const pauseSale = moveTo("pause")
export const closeSale = moveTo("close")

const startSchema = z.strictObject({ startsAt: saleSchema.shape.startsAt })

export const rescheduleSale: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  const given = startSchema.safeParse(await bodyOf(ask.request))
  if (!given.success) throw new Problem(400, "bad_start", z.prettifyError(given.error))
  if (!sale.reschedule(given.data.startsAt))
    throw new Problem(
      409,
      "wrong_phase",
      "Only a sale that nobody has entered, and before its end, can be moved.",
    )
  shop.wake()
  return answer(operatorView(shop, sale))
}

const inflowSchema = z.strictObject({ perSecond: saleSchema.shape.inflowPerSecond.unwrap() })

export const changeInflow: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  const given = inflowSchema.safeParse(await bodyOf(ask.request))
  if (!given.success) throw new Problem(400, "bad_inflow", z.prettifyError(given.error))
  sale.setInflow(given.data.perSecond)
  shop.wake()
  return answer(operatorView(shop, sale))
}

export const takeOrderBack: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  if (!sale.takeBack(Number(ask.names["number"])))
    throw new Problem(409, "not_paid", "Only an order that is paid can be taken back.")
  shop.wake()
  return answer({ refund: "due" }, 202)
}

export const listRefunds: Endpoint = (shop) => answer({ refunds: shop.refunds.owed() })

const refundMove =
  (move: "settle" | "retry"): Endpoint =>
  (shop, { names }) => {
    if (!shop.refunds[move](decodeURIComponent(names["payment"] ?? "")))
      throw new Problem(
        409,
        "not_refused",
        "The provider has not refused to pay this back, or it is settled.",
      )
    shop.wake()
    return answer({ refund: move === "settle" ? "refunded" : "due" })
  }

export const settleRefund = refundMove("settle")
export const retryRefund = refundMove("retry")

export const exportOrders: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  const { id, currency } = sale.book.settings
  const lines = ordersCsv(shop.ledger, { key: sale.key, id, currency })
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      let chunk = ""
      while (chunk.length < 32_768) {
        const { value, done } = lines.next()
        if (done) break
        chunk += value
      }
      if (chunk === "") controller.close()
      else controller.enqueue(encoder.encode(chunk))
    },
  })
  return new Response(body, {
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": `attachment; filename="orders-${id}.csv"`,
    },
  })
}

export const listPastSales: Endpoint = (shop) => {
  return answer({ sales: shop.retention.all() })
}

export const checkBooks: Endpoint = async (shop) => {
  return answer({ titles: invariantTitles, verdict: await shop.watchman.check("channels") })
}

function operatorView(shop: Shop, sale: Sale) {
  const { book } = sale
  const { results, refused, since } = shop.counters.of(sale)
  return {
    ...saleView(sale, shop.labaUrl()),
    capacity: capacityNow(book),
    live: book.live,
    tickets: book.tickets.length,
    unpaid: book.pending,
    inflowPerSecond: book.inflowPerSecond,
    /** Since the shop's last start: refusals are not in the books. */
    refused: Object.fromEntries(refused),
    refusedSince: since,
    timeToResult: { boundsSeconds: waitSeconds, counts: results.counts },
    verdict: shop.watchman.verdict,
  }
}
