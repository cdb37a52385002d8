// Every state of the buyer's page, as answers of the shop and what is pressed: of a sale of one item, and of several.
import type { Page } from "playwright-core"
import type { OrderState } from "../../model/order.ts"
import type { TicketState } from "../../model/ticket.ts"
import type { SceneName } from "../../pages/buyer/scene.ts"
import type { SaleView, SaleSnapshot, TicketView } from "../../model/wire/api.ts"
import { type Answers, hang, RefusedAnswer } from "./stand-in-shop.ts"

/** How many items the sale has. */
export type Kind = "one" | "several"

type Item = SaleSnapshot["items"][number]

export interface BuyerState {
  readonly name: string
  readonly scene: SceneName
  /** Default: of both kinds. */
  readonly kind?: Kind
  readonly sale?: Partial<SaleView>
  readonly standing?: Partial<SaleSnapshot>
  /** What is left of each item. */
  readonly left?: readonly (readonly [available: number, held: number, sold: number])[]
  readonly ticket?: Partial<TicketView>
  readonly answers?: Answers
  /** What is done to get there; `set` has the shop answer otherwise, and the page ask. */
  readonly act?: (page: Page, set: (changed: Partial<BuyerState>) => Promise<void>) => Promise<unknown>
}

const titles = {
  one: ["Moonlight lantern · 月光灯笼"],
  several: [
    "Moonlight lantern · 月光灯笼",
    "Paper kite with a long silk tail · 长尾丝绸纸鸢",
    "Tea for two · 双人茶",
  ],
} as const
const prices = [19_900, 8800, 4200]

const open: BuyerState["left"] = [
  [37, 21, 42],
  [6, 0, 14],
  [120, 40, 40],
]
const held: BuyerState["left"] = [
  [0, 12, 88],
  [0, 9, 11],
  [0, 3, 197],
]
const gone: BuyerState["left"] = [
  [0, 0, 100],
  [0, 0, 20],
  [0, 0, 200],
]
const firstGone: BuyerState["left"] = [
  [0, 0, 100],
  [0, 5, 15],
  [120, 40, 40],
]

const secondGone: BuyerState["left"] = [
  [37, 21, 42],
  [0, 0, 20],
  [120, 40, 40],
]

const ticket = (state: TicketState, more: Partial<TicketView> = {}): Partial<TicketView> => ({
  state,
  ...more,
})

const order = (state: OrderState, payInSeconds = 83, offer = false): Partial<TicketView> => ({
  state: "won",
  order: { id: "sale.601", state, price: 19_900, currency: "CNY", payBy: payInSeconds * 1000, offer },
})

const refused = (code: string, next: string, more: object = {}): RefusedAnswer =>
  new RefusedAnswer(next === "later" ? 503 : 410, { code, next, detail: code, ...more })

const press = (page: Page): Promise<void> => page.click("#primary")

const before = { entryOpensAt: 59_000, startsAt: 59_000, decidesAt: 59_000 }
const tickets = "POST /api/sales/sale/tickets"

export const buyerStates: readonly BuyerState[] = [
  { name: "loading", scene: "loading", answers: { "GET /api/sales/sale": hang } },
  {
    name: "missing",
    scene: "missing",
    kind: "one",
    answers: { "GET /api/sales/sale": new RefusedAnswer(404, { code: "not_found" }) },
  },
  { name: "countdown", scene: "countdown", sale: before, standing: { phase: "scheduled" } },
  {
    name: "countdown-days",
    scene: "countdown",
    kind: "one",
    sale: { ...before, entryOpensAt: 95_000_000, startsAt: 95_000_000 },
    standing: { phase: "scheduled" },
  },
  {
    name: "lobby",
    scene: "lobby",
    sale: { mode: "shuffle", startsAt: 59_000, decidesAt: 59_000 },
    standing: { phase: "scheduled" },
  },
  { name: "open", scene: "open" },
  { name: "open-crowded", scene: "open", standing: { queued: 1340 } },
  { name: "open-paused", scene: "open", standing: { phase: "paused" } },
  { name: "open-one-gone", scene: "open", kind: "several", left: firstGone },
  {
    name: "open-chosen-gone",
    scene: "open",
    kind: "several",
    async act(page, set) {
      await page.check("#items input[value=item-2]")
      await set({ left: secondGone })
      await page.waitForSelector("#primary:disabled")
    },
  },
  { name: "held", scene: "held", left: held, standing: { queued: 500, waitlisted: 31 } },
  { name: "entering", scene: "entering", answers: { [tickets]: hang }, act: press },
  {
    name: "knocking",
    scene: "knocking",
    answers: { [tickets]: refused("QUEUE_FULL", "later", { retryAfterSeconds: 12 }) },
    act: press,
  },
  {
    name: "refused-sold-out",
    scene: "refused",
    answers: { [tickets]: refused("SOLD_OUT", "never") },
    act: press,
  },
  {
    name: "refused-called-off",
    scene: "refused",
    answers: { [tickets]: refused("QUEUE_FULL", "later", { retryAfterSeconds: 12 }) },
    async act(page) {
      await page.click("#primary")
      await page.click("#secondary")
    },
  },
  {
    name: "drawing",
    scene: "drawing",
    sale: { mode: "lottery", decidesAt: 240_000 },
    ticket: ticket("queued", { turn: null }),
  },
  {
    name: "queued",
    scene: "queued",
    left: [
      [400, 21, 42],
      [60, 0, 14],
      [120, 40, 40],
    ],
    standing: { perSecond: 25, queued: 1340, served: 261 },
    ticket: ticket("queued", { turn: 601, etaSeconds: 14 }),
  },
  {
    name: "queued-few-left",
    scene: "queued",
    standing: { perSecond: 25, queued: 1340, served: 261 },
    ticket: ticket("queued", { turn: 601, etaSeconds: 14 }),
  },
  {
    name: "queued-all-held",
    scene: "queued",
    left: held,
    standing: { perSecond: 25, queued: 1340, served: 261 },
    ticket: ticket("queued", { turn: 601, etaSeconds: 14 }),
  },
  {
    name: "queued-paused",
    scene: "queued",
    standing: { phase: "paused", queued: 1340, served: 261 },
    ticket: ticket("queued", { turn: 601, etaSeconds: null }),
  },
  {
    name: "queued-late",
    scene: "queued",
    standing: { perSecond: 1, queued: 1340, served: 261 },
    ticket: ticket("queued", { turn: 601, etaSeconds: 0, late: true }),
  },
  {
    name: "queued-turn-come",
    scene: "queued",
    standing: { perSecond: 25, queued: 1340, served: 601 },
    ticket: ticket("queued", { turn: 601, etaSeconds: 0 }),
  },
  {
    name: "queued-keep-asked",
    scene: "queued",
    standing: { perSecond: 25, queued: 1340, served: 261 },
    ticket: ticket("queued", { turn: 601, etaSeconds: 14 }),
    act: (page) => page.click("#secondary"),
  },
  {
    name: "queued-away",
    scene: "queued",
    standing: { perSecond: 25, queued: 1340, served: 261 },
    ticket: ticket("queued", { turn: 601, etaSeconds: 14 }),
    async act(page, set) {
      await set({ answers: { "GET /api/sales/sale": new RefusedAnswer(503, { code: "starting" }) } })
      await page.waitForSelector("#notice:not([hidden])")
    },
  },
  {
    name: "waitlisted",
    scene: "waitlisted",
    left: held,
    standing: { waitlisted: 31 },
    ticket: ticket("waitlisted", { position: 7 }),
  },
  { name: "won", scene: "won", ticket: order("pending") },
  {
    name: "won-paying",
    scene: "won",
    ticket: order("pending"),
    answers: { "POST /api/sales/sale/order/pay": { payUrl: "http://127.0.0.1:9/pay" } },
    async act(page) {
      const tab = page.waitForEvent("popup")
      await page.click("#primary")
      await (await tab).close()
      await page.waitForSelector("#notice:not([hidden])")
    },
  },
  {
    name: "won-provider-away",
    scene: "won",
    ticket: order("pending"),
    answers: { "POST /api/sales/sale/order/pay": new RefusedAnswer(503, { code: "provider_away" }) },
    async act(page) {
      await page.click("#primary")
      await page.waitForSelector("#notice:not([hidden])")
    },
  },
  { name: "offered", scene: "offered", left: held, ticket: order("pending", 120, true) },
  { name: "settling", scene: "settling", ticket: order("pending", -3) },
  { name: "paid", scene: "paid", ticket: order("paid") },
  { name: "unpaid", scene: "unpaid", ticket: order("expired", -60) },
  { name: "unpaid-all-held", scene: "unpaid", left: held, ticket: order("expired", -60) },
  { name: "cancelled", scene: "cancelled", ticket: order("cancelled") },
  { name: "refunding", scene: "refunding", ticket: order("refund_due") },
  { name: "refunded", scene: "refunded", left: gone, ticket: order("refunded") },
  { name: "lost", scene: "lost", left: gone, ticket: ticket("sold_out") },
  { name: "lost-others-left", scene: "lost", kind: "several", left: firstGone, ticket: ticket("sold_out") },
  { name: "expired", scene: "expired", ticket: ticket("expired") },
  { name: "left", scene: "left", ticket: ticket("left") },
  { name: "rejected", scene: "rejected", standing: { phase: "closed" }, ticket: ticket("rejected") },
  { name: "failed", scene: "failed", ticket: ticket("failed") },
  { name: "gone", scene: "gone", left: gone },
  { name: "closed", scene: "closed", standing: { phase: "closed" } },
  {
    name: "own-login",
    scene: "open",
    kind: "one",
    answers: {
      "POST /api/listen": null,
      "POST /api/login": new RefusedAnswer(404, { code: "not_found" }),
    },
  },
]

/** Of how many items a sale in this state can be. */
export const kindsOf = ({ kind }: BuyerState): readonly Kind[] => (kind ? [kind] : ["one", "several"])

/** The state as the shop would answer it now. Times in a state are milliseconds from now. */
export function answersOf(state: BuyerState, kind: Kind, shop: { labaUrl: string; token: string }): Answers {
  const now = Date.now()
  const { sale, standing } = saleOf(state, kind, now, shop.labaUrl)
  const held = state.ticket && ticketOf(state.ticket, now, shop.labaUrl)
  return {
    "GET /api/clock": { now },
    "POST /api/listen": { laba: shop.labaUrl, token: shop.token, expiresInSeconds: 3600 },
    "POST /api/login": { user: "ann", token: "" },
    "GET /api/sales": { sales: [{ ...sale, standing }] },
    "GET /api/sales/sale": { ...sale, standing },
    "GET /api/sales/sale/ticket": held ?? null,
    "POST /api/sales/sale/token": { token: "t" },
    ...state.answers,
  }
}

function saleOf(state: BuyerState, kind: Kind, now: number, labaUrl: string) {
  const items = titles[kind].map((title, at) => ({
    id: `item-${at + 1}`,
    title,
    price: prices[at] as number,
  }))
  const after = { entryOpensAt: -60_000, startsAt: -60_000, decidesAt: -60_000, ...times(state.sale) }
  const at = Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, now + ms]))
  const left = items.map((_, index) => (state.left ?? open)?.[index] ?? [0, 0, 0])
  const standing: SaleSnapshot = {
    ...{ sale: "sale", at: now, phase: "open", startsAt: at["startsAt"] as number, served: 600 },
    ...{ queued: 12, waitlisted: 0, perSecond: null },
    items: left.map(([available, isHeld, sold], index): Item => ({
      id: `item-${index + 1}`,
      total: available + isHeld + sold,
      available,
      held: isHeld,
      sold,
      gone: available + isHeld === 0,
    })),
    ...state.standing,
  }
  const sale = {
    ...{ id: "sale", title: "The lantern sale · 灯笼秒杀", currency: "CNY", mode: "first-come", now },
    ...{ endsAt: null, jitterMs: 0, payBySeconds: 90, offerSeconds: 120, items },
    commitment: "5f0c9d2ab1e7743088c1",
    listen: { laba: labaUrl, channel: "/sales/sale" },
    ...state.sale,
    ...at,
  }
  return { sale, standing }
}

const times = (sale: Partial<SaleView> = {}): Record<string, number> =>
  Object.fromEntries(
    (["entryOpensAt", "startsAt", "decidesAt"] as const).flatMap((name) => {
      const ms = sale[name]
      return ms === undefined ? [] : [[name, ms]]
    }),
  )

const ticketOf = (given: Partial<TicketView>, now: number, labaUrl: string) => ({
  ...{ sale: "sale", item: "item-1", number: 601, version: 1, turn: null, at: now - 5000, order: null },
  ...{
    position: null,
    entrants: null,
    etaSeconds: null,
    late: false,
    admittedAt: now - 9000,
    deadline: null,
  },
  listen: { laba: labaUrl, channel: "/@ann/sales/sale", sale: "/sales/sale" },
  ...given,
  ...(given.order && { order: { ...given.order, payBy: now + given.order.payBy } }),
})
