// What backends send and get, as schemas: they check what comes in, and describe both in the OpenAPI document.
import { z } from "zod"
import type { JsonText } from "../../../../wire/json-scan.ts"

/** Cursors, ids and names are opaque to whoever reads them. */
const opaque = (description: string) => z.string().describe(description)

/** A message to be published, its channel aside. `data` is the text that `readMessages` left it. */
export const draftShape = {
  data: z
    .unknown()
    .describe(
      "Any JSON, published as the text that stands here; with a text `type` a text; with `base64` the bytes in base64.",
    ) as z.ZodType<JsonText>,
  type: z.string().max(255).optional().describe("Content type. Default application/json."),
  base64: z.literal(true).optional().describe("`data` is base64 of bytes; needs a `type` that is not text."),
  key: z
    .string()
    .optional()
    .describe("An Idempotency-Key: the same key and message, on the same channel, publishes once."),
} as const

export const published = z.strictObject({
  channel: opaque("The channel, in its canonical form."),
  cursor: opaque("Where the message stands: listening after it begins right behind it."),
  id: opaque("The message's own."),
  duplicate: z
    .boolean()
    .describe("True: the key was known, nothing was published, this is the first answer again."),
  listeners: z.int().describe("Connections on the node that answers that listen to the channel."),
  history: z.enum(["kept", "none"]).describe("Whether the channel can be resumed."),
})

export const problem = z.strictObject({
  type: z.string(),
  title: z.string().describe("What happened, in general."),
  status: z.int(),
  detail: z.string().describe("What was wrong here, and what would be right."),
  code: z.string().describe("Stable: branch on this."),
  retry: z.enum(["stay-away", "back-off", "at-once"]).describe("Whether asking again can help."),
  retryAfter: z.number().optional().describe("Seconds after which asking again may help, as in Retry-After."),
  limit: z.string().optional().describe("The bound that was met, by its name in the configuration."),
})

const refused = z.strictObject({
  channel: opaque("The channel that it was for."),
  error: problem,
})

export const results = z.strictObject({
  results: z
    .array(z.union([published, refused]))
    .describe("One for each message, in the order of the request."),
})

export const connection = z.strictObject({
  id: opaque("Unguessable; it names the node too."),
  transport: z.enum(["websocket", "sse", "poll", "tcp", "sockjs"]),
  protocol: z.enum(["raw", "laba", "stomp"]),
  user: z.string().nullable().describe("Who it belongs to; null when nobody said."),
})

export const next = z
  .string()
  .nullable()
  .describe("The `cursor` of the next page; null when this is the last.")

export const message = z.strictObject({
  channel: z.string(),
  cursor: opaque("Listening after it begins right behind this message."),
  id: opaque("The message's own."),
  time: z.int().describe("When it was accepted, in milliseconds since 1970."),
  type: z.string(),
  data: z.unknown(),
  base64: z.literal(true).optional(),
})
