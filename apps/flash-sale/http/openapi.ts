// The OpenAPI 3.1 description, from the table of routes and the schemas of what they take and answer.
import { z } from "zod"
import { returnReasons, shopEvents } from "../book/errand.ts"
import { refusals } from "../model/refusal.ts"
import { saleSchema } from "../model/sale.ts"
import { orderMachine } from "../model/order.ts"
import { ticketMachine } from "../model/ticket.ts"
import { type Route, routes } from "./routes.ts"

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: "string" }
const number: Schema = { type: "number" }
const integer: Schema = { type: "integer" }
const time: Schema = { type: "integer", description: "Milliseconds since 1970, by the server's clock" }
const money: Schema = {
  type: "integer",
  description: "In the smallest unit of the currency: 1990 is 19.90 CNY, and 1990 JPY",
}
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] })
const list = (items: Schema): Schema => ({ type: "array", items })
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

function object(properties: Record<string, Schema>, optional: readonly string[] = []): Schema {
  return {
    type: "object",
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
  }
}

const lineMark: Schema = { type: "array", items: integer, minItems: 2, maxItems: 2 }

const standing = object(
  {
    sale: text,
    at: {
      ...time,
      description: "By the sale's clock, which never goes back: of two standings the later counts",
    },
    phase: { enum: ["scheduled", "open", "paused", "closed"] },
    startsAt: time,
    served: {
      ...integer,
      description: "Turns that have passed; who has turn t is number t - served, or less",
    },
    line: {
      ...list(lineMark),
      description:
        "When people have left the queue: [turn, position] along it. Before the first stands [served, 0]; between two marks it is even, and after the last it goes on by one",
    },
    queued: integer,
    waitlisted: integer,
    perSecond: orNull(number),
    items: list(
      object({
        id: text,
        total: integer,
        available: integer,
        held: integer,
        sold: integer,
        gone: { type: "boolean" },
      }),
    ),
  },
  ["line"],
)

const sale = {
  id: text,
  title: text,
  currency: text,
  mode: { enum: ["first-come", "shuffle", "lottery"] },
  now: time,
  entryOpensAt: time,
  startsAt: time,
  decidesAt: time,
  endsAt: orNull(time),
  jitterMs: integer,
  payBySeconds: integer,
  offerSeconds: integer,
  commitment: { ...text, description: "Hash of the seed of the draw" },
  items: list(object({ id: text, title: text, price: money })),
  standing: ref("Standing"),
  listen: object({ laba: text, channel: text }),
}

const listen = object({ laba: text, channel: text, sale: text })

const verdict = orNull(
  object({
    at: time,
    findings: { type: "object", additionalProperties: list(text) },
    channels: { type: "object" },
  }),
)

export const schemas: Readonly<Record<string, Schema>> = {
  Problem: object(
    {
      type: text,
      status: integer,
      code: { ...text, description: `Stable. Refusals: ${Object.keys(refusals).join(", ")}` },
      detail: text,
      next: { enum: ["later", "token", "never"] },
      retryAfterSeconds: integer,
      number: integer,
      items: { ...list(text), description: "With NO_SUCH_ITEM: those that the sale has" },
      ticket: ref("Ticket"),
    },
    ["next", "retryAfterSeconds", "number", "items", "ticket"],
  ),
  LogIn: object({ user: text }),
  LoggedIn: object({ user: text, token: text }),
  Clock: object({ now: time }),
  Listen: object({ laba: text, token: text, expiresInSeconds: integer }),
  Standing: standing,
  Sale: object(sale),
  Sales: object({ sales: list(ref("Sale")) }),
  Draw: object({
    sale: text,
    mode: text,
    commitment: text,
    seed: orNull(text),
    entries: orNull(list(text)),
    order: orNull(list(integer)),
  }),
  BuyToken: object({ token: text }),
  Enter: object(
    {
      item: { ...orNull(text), description: "The id of one of the sale's items. A sale of one needs none" },
      token: {
        ...orNull(text),
        description: "The buy token, for who does not send it as the header Buy-Token",
      },
    },
    ["token", "item"],
  ),
  Admission: object({
    sale: text,
    item: text,
    number: integer,
    state: { const: "queued" },
    position: orNull(integer),
    entrants: orNull(integer),
    etaSeconds: {
      ...orNull(number),
      description: "As it was said then; in every retry the same. The ticket says whether it still holds",
    },
    admittedAt: time,
    deadline: time,
    listen,
  }),
  Ticket: object({
    sale: text,
    item: text,
    number: integer,
    version: integer,
    state: { enum: Object.keys(ticketMachine) },
    turn: orNull(integer),
    at: time,
    order: orNull(ref("Order")),
    position: {
      ...orNull(integer),
      description: "How many are before it, itself included: in the queue, or on its item's wait-list",
    },
    entrants: { ...orNull(integer), description: "How many wait for the draw, while it is still to come" },
    etaSeconds: {
      ...orNull(number),
      description:
        "Counts down and never climbs. Null while it is not known: on a wait-list, before a draw, in a pause",
    },
    late: { type: "boolean", description: "It will take longer than etaSeconds says, or has already" },
    admittedAt: time,
    deadline: orNull(time),
    listen,
  }),
  Order: object({
    id: text,
    state: { enum: Object.keys(orderMachine) },
    price: money,
    currency: text,
    payBy: time,
    offer: { type: "boolean" },
  }),
  ShopEvent: object(
    {
      id: { ...text, description: "The same in every repeat" },
      event: { enum: shopEvents },
      at: time,
      sale: text,
      order: text,
      user: {
        ...orNull(text),
        description: "Null, like item, price and payBy, where money came for no order",
      },
      item: orNull(text),
      price: orNull(money),
      currency: text,
      offer: { type: "boolean", description: "The unit was somebody else's before" },
      payBy: orNull(time),
      live: { type: "boolean", description: "Whether the order still holds its unit, or has bought it" },
      payment: {
        ...text,
        description: "With paid, refunded and returned: the payment, as the provider names it",
      },
      amount: { ...money, description: "With paid, refunded and returned" },
      why: { enum: returnReasons, description: "With returned" },
    },
    ["payment", "amount", "why"],
  ),
  PayUrl: object({ payUrl: text }),
  Callback: object(
    { reference: text, payment: text, amount: money, state: { enum: ["paid", "declined"], default: "paid" } },
    ["state"],
  ),
  Received: object({ received: { type: "boolean" } }),
  SaleSettings: z.toJSONSchema(saleSchema, { io: "input" }) as Schema,
  OperatorSale: object({
    ...sale,
    capacity: integer,
    live: integer,
    tickets: integer,
    unpaid: integer,
    inflowPerSecond: orNull(number),
    refused: { type: "object", additionalProperties: integer, description: "How often, by code" },
    refusedSince: { ...time, description: "When that count began: at the shop's last start" },
    timeToResult: {
      ...object({ boundsSeconds: list(number), counts: list(integer) }),
      description:
        "How many tickets waited so long for their end, from the ticket or, if later, from the draw. Not for a place on the wait-list, and none who left",
    },
    verdict,
  }),
  Curves: object({
    samples: list(
      object({
        at: { ...number, description: "Seconds since 1970" },
        queued: integer,
        waitlisted: integer,
        tickets: integer,
        served: integer,
        sold: integer,
      }),
    ),
  }),
  Start: object({ startsAt: time }),
  Inflow: object({ perSecond: orNull(number) }),
  Refund: object({ refund: text }),
  Refunds: object({
    refunds: list(
      object({
        payment: text,
        sale: text,
        number: integer,
        amount: money,
        state: { enum: ["refund_due", "refused"], description: "refused: not tried again by itself" },
        at: { ...time, description: "Since when it is owed" },
      }),
    ),
  }),
  Verdict: object({ titles: { type: "object", additionalProperties: text }, verdict }),
  PastSales: object({ sales: list({ type: "object" }) }),
  Csv: text,
}

const shopEventCall: Schema = {
  summary: "What became of an order, posted to the address of --webhook, at least once",
  parameters: [
    {
      name: "Flash-Sale-Signature",
      in: "header",
      required: true,
      schema: text,
      description: "t=<seconds>,v1=<hex of HMAC-SHA256 over `<seconds>.<body>`>",
    },
  ],
  requestBody: { content: { "application/json": { schema: ref("ShopEvent") } } },
  responses: { "2XX": { description: "Taken. Whatever else is answered, it comes again later" } },
}

export function openApi(): Schema {
  const paths: Record<string, Record<string, Schema>> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route)
  return {
    openapi: "3.1.0",
    info: { title: "Flash sale", version: "1" },
    paths,
    webhooks: { shopEvent: { post: shopEventCall } },
    components: {
      schemas,
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
  }
}

function operation({ path, who, does, takes, answers: [status, schema], method }: Route): Schema {
  const parameters: Schema[] = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: text,
  }))
  if (method === "POST" && path.endsWith("/tickets"))
    parameters.push(
      { name: "Idempotency-Key", in: "header", required: true, schema: text },
      {
        name: "Buy-Token",
        in: "header",
        schema: text,
        description: "Needed from the start on. With it a sale of one item needs no body",
      },
    )
  const content = (name: string): Schema =>
    name === "Csv" ? { "text/csv": { schema: ref(name) } } : { "application/json": { schema: ref(name) } }
  return {
    summary: does,
    ...(parameters.length > 0 && { parameters }),
    ...(takes && { requestBody: { content: content(takes) } }),
    ...((who === "buyer" || who === "operator") && { security: [{ bearer: [] }] }),
    responses: {
      [status]: { description: does, content: content(schema) },
      default: {
        description: "A problem",
        content: { "application/problem+json": { schema: ref("Problem") } },
      },
    },
  }
}
