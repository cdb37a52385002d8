// Every state of the operator's page, as answers of the shop and what is pressed.
import type { Page } from "playwright-core"
import { waitSeconds } from "../../http/monitoring/waits.ts"
import { invariantTitles, type InvariantName } from "../../model/invariants.ts"
import type { DemoView } from "../../demo/crowd-settings.ts"
import type { OperatorView, SaleSnapshot, Sample } from "../../model/wire/api.ts"
import { type Answers, RefusedAnswer } from "./stand-in-shop.ts"

export interface OperatorState {
  readonly name: string
  readonly isLoggedOut?: boolean
  readonly items?: readonly SaleSnapshot["items"][number][]
  readonly view?: Partial<OperatorView>
  readonly standing?: Partial<SaleSnapshot>
  readonly broken?: Partial<Record<InvariantName, readonly string[]>>
  readonly demo?: Partial<DemoView>
  readonly answers?: Answers
  readonly act?: (page: Page, set: (changed: Partial<OperatorState>) => void) => Promise<unknown>
}

const item = (id: string, available: number, held: number, sold: number): SaleSnapshot["items"][number] => ({
  id,
  total: available + held + sold,
  available,
  held,
  sold,
  gone: available + held === 0,
})

const crowd: DemoView["crowd"] = {
  ...{ sale: "sale", buyers: 10_000, came: 7312, admitted: 7199, won: 642, paid: 401, soldOut: 0, left: 204 },
  ...{ refused: { QUEUE_FULL: 113 }, waiting: 6108, done: false, clickToTicketMs: { half: 51, most: 402 } },
}

const several = [item("item-1", 12, 31, 57), item("item-2", 0, 9, 11), item("item-3", 0, 0, 200)]

const unknown = new RefusedAnswer(404, { code: "not_found", detail: "There is nothing here." })
const wrongKey = new RefusedAnswer(401, { code: "unauthorized", detail: "This needs the operator's key." })
const away = new RefusedAnswer(503, { code: "starting" })

export const operatorStates: readonly OperatorState[] = [
  { name: "login", isLoggedOut: true },
  {
    name: "login-wrong-key",
    isLoggedOut: true,
    answers: { "GET /api/operator/sales/sale": wrongKey, "GET /api/demo": wrongKey },
    async act(page) {
      await page.fill("#key", "wrong")
      await page.click("#login .main-button")
      await page.waitForSelector("#login-said:not(:empty)")
    },
  },
  { name: "no-sale", answers: { "GET /api/sales": { sales: [] }, "GET /api/demo": unknown } },
  {
    name: "scheduled",
    view: { startsAt: 61_000, tickets: 0, unpaid: 0, live: 0, verdict: null },
    standing: { phase: "scheduled", queued: 0, waitlisted: 0, served: 0, perSecond: null },
    items: [item("item-1", 100, 0, 0)],
  },
  { name: "open" },
  { name: "open-several", items: several },
  { name: "paused", standing: { phase: "paused" } },
  {
    name: "closed",
    standing: { phase: "closed", queued: 0, waitlisted: 0 },
    view: { live: 0, unpaid: 0 },
    items: [item("item-1", 3, 0, 97)],
  },
  {
    name: "broken",
    broken: {
      I1: ["sale/item-1: 12 + 31 + 57 is not 101"],
      I6: ["sale.17 was shown as won and is sold_out"],
    },
    items: [{ ...item("item-1", 12, 31, 57), total: 101 }],
  },
  {
    name: "away",
    async act(page, set) {
      await page.waitForSelector("#phase[data-phase=open]")
      set({ answers: { "GET /api/demo": away, "GET /api/operator/sales/sale": away } })
      await page.waitForSelector("#pulse[data-state=away]")
    },
  },
  {
    name: "refunds",
    answers: {
      "GET /api/operator/refunds": {
        refunds: [
          { payment: "pay_8f2c1", sale: "sale", number: 601, amount: 19_900, state: "refused", at: 1 },
          { payment: "pay_77b03", sale: "sale", number: 17, amount: 19_900, state: "refused", at: 1 },
        ],
      },
    },
  },
  { name: "demo-ready", demo: { crowd: null } },
  { name: "demo-crowd", demo: { crowd } },
  { name: "demo-crowd-done", demo: { crowd: { ...crowd, came: 10_000, waiting: 0, done: true } } },
  { name: "demo-crowd-broke-off", demo: { crowd: { ...crowd, brokeOff: true } } },
  {
    name: "demo-killed",
    demo: { crowd },
    answers: { "POST /api/demo/kill": { dies: true } },
    async act(page, set) {
      await page.waitForSelector("#demo:not([hidden])")
      await page.click("#kill")
      await page.waitForTimeout(500)
      set({ demo: { crowd, bornAt: 2 } })
      await page.waitForSelector("#killed[data-whole]")
    },
  },
  {
    name: "new-sale",
    async act(page) {
      await page.click("#new")
      await page.waitForSelector("#new-sale[open]")
    },
  },
  {
    name: "new-sale-refused",
    answers: {
      "POST /api/operator/sales": new RefusedAnswer(400, { detail: "title: too long", code: "bad_sale" }),
    },
    async act(page) {
      await page.click("#new")
      await page.click("#new-form .main-button")
      await page.waitForSelector("#new-said:not(:empty)")
    },
  },
]

export function operatorAnswers(state: OperatorState, labaUrl: string): Answers {
  const now = Date.now()
  const items = state.items ?? [item("item-1", 12, 31, 57)]
  const startsAt = now + (state.view?.startsAt ?? -600_000)
  const standing: SaleSnapshot = {
    ...{ sale: "sale", at: now, phase: "open", startsAt, served: 1200, queued: 6108, waitlisted: 204 },
    ...{ perSecond: 24.7, items: [...items] },
    ...state.standing,
  }
  const titles = [
    "Moonlight lantern · 月光灯笼",
    "Paper kite with a long silk tail · 长尾丝绸纸鸢",
    "Tea for two · 双人茶",
  ]
  const findings = Object.fromEntries(
    Object.keys(invariantTitles).map((name) => [name, state.broken?.[name as InvariantName] ?? []]),
  ) as Record<InvariantName, readonly string[]>
  const view: OperatorView = {
    ...{ id: "sale", title: "The lantern sale · 灯笼秒杀", currency: "CNY", mode: "first-come", now },
    ...{ entryOpensAt: startsAt, decidesAt: startsAt, endsAt: null, jitterMs: 0, payBySeconds: 90 },
    offerSeconds: 120,
    commitment: "5f0c9d2ab1e7743088c1",
    items: items.map(({ id }, at) => ({ id, title: titles[at] ?? id, price: 19_900 })),
    standing,
    listen: { laba: labaUrl, channel: "/sales/sale" },
    ...{ capacity: 10_000, live: 6343, tickets: 7312, unpaid: 31, inflowPerSecond: 25 },
    refused: { QUEUE_FULL: 113, ALREADY_IN: 4, TOO_FAST: 2 },
    refusedSince: now - 900_000,
    timeToResult: {
      boundsSeconds: waitSeconds,
      counts: [0, 2, 9, 31, 77, 102, 180, 260, 401, 120, 18, 0, 0, 0],
    },
    verdict: { at: now - 6000, findings, channels: { read: 500, of: 7312, behind: [] } },
    ...state.view,
    startsAt,
  }
  const demo: DemoView = {
    bornAt: 1,
    weather: { delayMsMax: 0, doubled: 0, lost: 0, declined: 0, reordered: 0 },
    crowd: null,
    ...state.demo,
  }
  return {
    "GET /api/sales": { sales: [view] },
    "GET /api/operator/sales/sale": view,
    "GET /api/operator/sales/sale/curves": { samples: curvesUntil(now / 1000, standing.phase) },
    "GET /api/operator/refunds": { refunds: [] },
    ...(state.demo && { "GET /api/demo": demo }),
    ...state.answers,
  }
}

/** Two minutes of a sale: a crowd comes, and is decided at a steady pace. */
function curvesUntil(end: number, phase: SaleSnapshot["phase"]): Sample[] {
  if (phase === "scheduled") return []
  return Array.from({ length: 120 }, (_, second) => {
    const tickets = Math.min(7312, Math.max(0, second - 10) ** 2 * 4)
    const served = Math.min(1200, Math.max(0, second - 10) * 11)
    const sold = Math.min(57, Math.floor(Math.max(0, second - 25) / 1.6))
    const waitlisted = Math.min(204, Math.max(0, second - 40) * 3)
    return {
      at: end - 120 + second,
      queued: tickets - served - waitlisted,
      waitlisted,
      tickets,
      served,
      sold,
    }
  }).map((sample) => ({ ...sample, queued: Math.max(0, sample.queued) }))
}
