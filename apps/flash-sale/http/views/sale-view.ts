// A sale as everybody may see it: when, what, how the order of service is found, and how it stands.
import type { Sale } from "../../book/sale.ts"
import { saleSnapshot } from "../../delivery/record-of.ts"
import { commitmentOf } from "../../model/draw.ts"
import { decidesAt, entryOpensAt } from "../../model/sale.ts"
import { saleChannel } from "../../model/record.ts"
import type { DrawRecord, SaleView } from "../../model/wire/api.ts"

export function saleView(sale: Sale, labaUrl: string): SaleView {
  const { settings, seed } = sale.book
  return {
    id: settings.id,
    title: settings.title,
    currency: settings.currency,
    mode: settings.mode,
    /** The server's clock; a countdown runs on it, not on the visitor's. */
    now: sale.now(),
    entryOpensAt: entryOpensAt(settings),
    startsAt: settings.startsAt,
    decidesAt: decidesAt(settings),
    endsAt: settings.endsAt ?? null,
    /** Wait a random time up to this after the start before the first request. */
    jitterMs: settings.jitterMs,
    payBySeconds: settings.payBySeconds,
    offerSeconds: settings.offerSeconds,
    commitment: commitmentOf(seed),
    items: settings.items.map(({ id, title, price }) => ({ id, title, price })),
    standing: saleSnapshot(sale),
    listen: { laba: labaUrl, channel: saleChannel(settings.id) },
  }
}

/** The draw, for whoever wants to compute it again. The seed is secret until nothing depends on it any more. */
export function drawRecord(sale: Sale): DrawRecord {
  const { settings, seed, turns, entrants } = sale.book
  const record = { sale: settings.id, mode: settings.mode, commitment: commitmentOf(seed) }
  if (entrants === null || turns === null) return { ...record, seed: null, entries: null, order: null }
  const order = Array.from({ length: turns.drawn }, (_, at) => turns.numberAt(at + 1))
  return { ...record, seed, entries: entrants.digests, order }
}
