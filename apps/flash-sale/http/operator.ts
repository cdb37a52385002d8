// What the operator can do: make a sale, open, pause and close it, change its pace, take an order back, and look.
import { z } from "zod"
import { inflowSchema, type OperatorView, startSchema } from "../model/wire/api.ts"
import { saleSchema } from "../model/sale.ts"
import { invariantTitles } from "../model/invariants.ts"
import { ordersCsv } from "../ledger/orders-csv.ts"
import { capacityNow } from "../book/decide.ts"
import type { Sale } from "../book/sale.ts"
import { answer, Problem } from "./answers.ts"
import { bodyOf } from "./body.ts"
import { saleOf } from "./buyer.ts"
import { saleView } from "./views/sale-view.ts"
import { waitSeconds } from "./monitoring/waits.ts"
import type { Ask, Endpoint, Shop } from "./shop.ts"

/** A body as its schema says. Rejects with a problem of this code for any other. */
async function checkedBody<T>({ request }: Ask, schema: z.ZodType<T>, code: string): Promise<T> {
  const given = schema.safeParse(await bodyOf(request))
  if (!given.success) throw new Problem(400, code, z.prettifyError(given.error))
  return given.data
}

export const createSale: Endpoint = async (shop, ask) => {
  const sale = shop.sales.create(await checkedBody(ask, saleSchema, "bad_sale"))
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

export const rescheduleSale: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  const { startsAt } = await checkedBody(ask, startSchema, "bad_start")
  if (!sale.reschedule(startsAt))
    throw new Problem(
      409,
      "wrong_phase",
      "Only a sale that nobody has entered, and before its end, can be moved.",
    )
  shop.wake()
  return answer(operatorView(shop, sale))
}

export const changeInflow: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  sale.setInflow((await checkedBody(ask, inflowSchema, "bad_inflow")).perSecond)
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
  return answer({ titles: invariantTitles, verdict: await shop.checker.check("channels") })
}

function operatorView(shop: Shop, sale: Sale): OperatorView {
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
    verdict: shop.checker.verdict,
  }
}
