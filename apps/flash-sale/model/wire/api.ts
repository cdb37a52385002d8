// What goes over the shop's HTTP API, webhooks and channels: each shape once. What is answered is typed by it, what is asked is checked
// with it, the pages read by it, and the OpenAPI description is made of it.
import { z } from "zod"
import { type InvariantName, invariantTitles } from "../invariants.ts"
import { orderMachine, type OrderState } from "../order.ts"
import { refusals } from "./refusal.ts"
import { saleSchema } from "../sale.ts"
import { ticketMachine, type TicketState } from "../ticket.ts"

const text = z.string()
const whole = z.int()
const time = z.int().describe("Milliseconds since 1970, by the server's clock")
const money = z.int().describe("In the smallest unit of the currency: 1990 is 19.90 CNY, and 1990 JPY")
const counts = z.record(text, whole)

const orderState = z.enum(Object.keys(orderMachine) as [OrderState, ...OrderState[]])
const ticketState = z.enum(Object.keys(ticketMachine) as [TicketState, ...TicketState[]])

const order = z.object({
  id: text,
  state: orderState,
  price: money,
  currency: text,
  payBy: time,
  offer: z.boolean().describe("A unit that came back: the time to pay is shorter"),
})

/** What a buyer is shown about a ticket, the same by WebSocket, SSE and poll: of two the one with the higher version counts. */
const ticketRecord = z.object({
  sale: text,
  item: text,
  number: whole,
  version: whole.describe("Grows by one with every change"),
  state: ticketState,
  turn: whole.nullable().describe("The place in the order of service; null until it is drawn"),
  at: time,
  order: order.nullable(),
})

const standing = z.object({
  sale: text,
  at: time.describe("By the sale's clock, which never goes back: of two standings the later counts"),
  phase: z.enum(["scheduled", "open", "paused", "closed"]),
  startsAt: time,
  served: whole.describe("Turns that have passed; who has turn t is number t - served, or less"),
  line: z
    .array(z.tuple([whole, whole]))
    .readonly()
    .optional()
    .describe(
      "When people have left the queue: [turn, position] along it. Before the first stands [served, 0]; between two marks it is even, and after the last it goes on by one",
    ),
  queued: whole,
  waitlisted: whole,
  perSecond: z.number().nullable().describe("Decided a second, as it is measured"),
  items: z.array(
    z.object({
      id: text,
      total: whole,
      available: whole,
      held: whole,
      sold: whole,
      gone: z.boolean().describe("Nothing to be had and nothing that could come back"),
    }),
  ),
})

const sale = z.object({
  id: text,
  title: text,
  currency: text,
  mode: z.enum(["first-come", "shuffle", "lottery"]),
  now: time.describe("A countdown runs on it, not on the visitor's clock"),
  entryOpensAt: time,
  startsAt: time,
  decidesAt: time,
  endsAt: time.nullable(),
  jitterMs: whole.describe("Wait a random time up to this after the start before the first request"),
  payBySeconds: whole,
  offerSeconds: whole,
  commitment: text.describe("Hash of the seed of the draw"),
  items: z.array(z.object({ id: text, title: text, price: money })),
  standing,
  listen: z.object({ laba: text, channel: text }),
})

const listen = z.object({ laba: text, channel: text, sale: text })

const findings = z.record(
  z.enum(Object.keys(invariantTitles) as [InvariantName, ...InvariantName[]]),
  z.array(text).readonly(),
)

const verdict = z.object({
  at: time,
  findings,
  channels: z
    .union([
      z.object({
        read: whole.describe("Channels that were read"),
        of: whole.describe("Tickets that there are: a user who came twice has two, and one channel"),
        behind: z.array(z.object({ sale: text, number: whole })).describe("To be told again"),
      }),
      z.object({ failed: text }),
      z.object({ skipped: text }),
    ])
    .describe("failed: Laba could not be asked, and nothing is known of the channels"),
})

const operatorSale = sale.extend({
  capacity: whole,
  live: whole,
  tickets: whole,
  unpaid: whole,
  inflowPerSecond: z.number().nullable(),
  refused: counts.describe("How often, by code"),
  refusedSince: time.describe("When that count began: at the shop's last start"),
  timeToResult: z
    .object({ boundsSeconds: z.array(z.number()).readonly(), counts: z.array(whole).readonly() })
    .describe(
      "How many tickets waited so long for their end, from the ticket or, if later, from the draw. Not for a place on the wait-list, and none who left",
    ),
  verdict: verdict.nullable(),
})

const admission = z.object({
  sale: text,
  item: text,
  number: whole,
  state: z.literal("queued"),
  position: whole.nullable(),
  entrants: whole.nullable(),
  etaSeconds: z
    .number()
    .nullable()
    .describe("As it was said then; in every retry the same. The ticket says whether it still holds"),
  admittedAt: time,
  deadline: time,
  listen,
})

const ticket = ticketRecord.extend({
  position: whole
    .nullable()
    .describe("How many are before it, itself included: in the queue, or on its item's wait-list"),
  entrants: whole.nullable().describe("How many wait for the draw, while it is still to come"),
  etaSeconds: z
    .number()
    .nullable()
    .describe(
      "Counts down and never climbs. Null while it is not known: on a wait-list, before a draw, in a pause",
    ),
  late: z.boolean().describe("It will take longer than etaSeconds says, or has already"),
  admittedAt: time,
  deadline: time.nullable(),
  listen,
})

/** What the shop's other systems are told of. The last is about money that bought nothing: the order is what it was. */
const shopEventName = z.enum(["won", "paid", "expired", "cancelled", "refunded", "returned"])

/** Why money bought nothing and went back, where that is not the end of its order. */
const returnReason = z.enum(["wrong_amount", "second", "no_order", "past_sale"])

const shopEvent = z.object({
  event: shopEventName,
  at: time,
  sale: text,
  order: text,
  user: text.nullable().describe("Null, like item, price and payBy, where money came for no order"),
  item: text.nullable(),
  price: money.nullable(),
  currency: text,
  offer: z.boolean().describe("The unit was somebody else's before"),
  payBy: time.nullable(),
  live: z.boolean().describe("Whether the order still holds its unit, or has bought it"),
  payment: text
    .optional()
    .describe("With paid, refunded and returned: the payment, as the provider names it"),
  amount: money.optional().describe("With paid, refunded and returned"),
  why: returnReason.optional().describe("With returned"),
})

const sample = z.object({
  at: z.number().describe("Seconds since 1970"),
  queued: whole,
  waitlisted: whole,
  tickets: whole,
  served: whole,
  sold: whole,
})

const owedRefund = z.object({
  payment: text,
  sale: text,
  number: whole,
  amount: money,
  state: z.enum(["refund_due", "refused"]).describe("refused: not tried again by itself"),
  at: time.describe("Since when it is owed"),
})

const pastSale = z.object({
  id: text,
  title: text,
  currency: text,
  startsAt: time,
  overAt: time.describe("When anything of it changed last"),
  putAwayAt: time,
  items: z.array(z.object({ id: text, total: whole, sold: whole })),
  tickets: counts.describe("How many ended in which way"),
  orders: counts.describe("How many ended in which way"),
  money: counts.describe("By what became of it, in the smallest unit of the currency"),
  commitment: text,
  seed: text.nullable().describe("Null when nothing was drawn"),
  ordersSha256: text.describe("Of the list of orders: an exported list is the true one if it has this"),
})

const draw = z.object({
  sale: text,
  mode: sale.shape.mode,
  commitment: text.describe("Published before"),
  seed: text.nullable().describe("Like entries and order null until it is done"),
  entries: z.array(text).readonly().nullable().describe("Digests of number and user, by number"),
  order: z.array(whole).readonly().nullable(),
})

export const startSchema = z.strictObject({ startsAt: saleSchema.shape.startsAt })
export const inflowSchema = z.strictObject({ perSecond: saleSchema.shape.inflowPerSecond.unwrap() })

/** Everything that has a name in the OpenAPI description. */
export const apiSchemas = {
  Problem: z.object({
    type: text,
    status: whole,
    code: text.describe(`Stable. Refusals: ${Object.keys(refusals).join(", ")}`),
    detail: text,
    next: z.enum(["later", "token", "never"]).optional(),
    retryAfterSeconds: whole.optional(),
    number: whole.optional(),
    items: z.array(text).optional().describe("With NO_SUCH_ITEM: those that the sale has"),
    ticket: ticket.optional(),
  }),
  LogIn: z.object({ user: text }),
  LoggedIn: z.object({ user: text, token: text }),
  Clock: z.object({ now: time }),
  Listen: z.object({ laba: text, token: text, expiresInSeconds: whole }),
  Standing: standing,
  Sale: sale,
  Sales: z.object({ sales: z.array(sale) }),
  Draw: draw,
  BuyToken: z.object({ token: text }),
  Enter: z.object({
    item: text.nullish().describe("The id of one of the sale's items. A sale of one needs none"),
    token: text.nullish().describe("The buy token, for who does not send it as the header Buy-Token"),
  }),
  Admission: admission,
  Ticket: ticket,
  Order: order,
  ShopEvent: shopEvent.extend({ id: text.describe("The same in every repeat, and no other event's") }),
  PayUrl: z.object({ payUrl: text }),
  Callback: z.object({
    reference: text,
    payment: text,
    amount: money,
    state: z.enum(["paid", "declined"]).optional(),
  }),
  Received: z.object({ received: z.boolean() }),
  SaleSettings: saleSchema,
  OperatorSale: operatorSale,
  Curves: z.object({ samples: z.array(sample) }),
  Start: startSchema,
  Inflow: inflowSchema,
  Refund: z.object({ refund: text }),
  Refunds: z.object({ refunds: z.array(owedRefund) }),
  Verdict: z.object({ titles: z.record(text, text), verdict: verdict.nullable() }),
  PastSales: z.object({ sales: z.array(pastSale) }),
  Csv: z.string(),
} as const satisfies Record<string, z.ZodType>

export type TicketRecord = z.output<typeof ticketRecord>
export type SaleSnapshot = z.output<typeof standing>
export type SaleView = z.output<typeof sale>
export type AdmissionView = z.output<typeof admission>
export type TicketView = z.output<typeof ticket>
export type OperatorView = z.output<typeof operatorSale>
export type Sample = z.output<typeof sample>
export type Verdict = z.output<typeof verdict>
export type ShopEvent = z.output<typeof shopEventName>
export type ReturnReason = z.output<typeof returnReason>
export type ShopTold = z.output<typeof shopEvent>
export type OwedRefund = z.output<typeof owedRefund>
export type PastSale = z.output<typeof pastSale>
/** What anybody may read of a draw. */
export type DrawRecord = z.output<typeof draw>
export interface CurvesView {
  readonly samples: readonly Sample[]
}
export type ChannelsRead = Verdict["channels"]
export type ChannelsAudited = Extract<ChannelsRead, { readonly read: number }>
