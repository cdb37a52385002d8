// The schema of what is configured about SockJS. What needs more than a shape to be checked is in checks/sockjs-problems.ts.
import { z } from "zod"

const path = z.strictObject({
  protocol: z.enum(["stomp", "laba", "raw"]).default("stomp"),
  channel: z.string().min(1).optional(),
})

export const sockJsSchema = z.strictObject({
  paths: z
    .record(
      z.string(),
      z.union([z.enum(["stomp", "laba"]), path], {
        error: 'must be "stomp" or "laba", or an object with `protocol` and `channel`',
      }),
    )
    .default({}),
  oldTransports: z.boolean().default(false),
  clientScript: z
    .string()
    .regex(/^(?:https?:\/)?\/[^\s"'<>\\]+$/, {
      error:
        'must be the address of a script, such as "/sockjs.min.js" or "https://cdn.example/sockjs.min.js"',
    })
    .optional(),
})

export type SockJsOutput = z.output<typeof sockJsSchema>
