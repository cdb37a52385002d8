// The schema of what is configured about hooks. What needs more than a shape to be checked is in hooks-problems.ts.
import { z } from "zod"
import { millisecondsOf, timePattern } from "../quantities.ts"

const timeError = 'must be a time: a number of seconds, or a text such as "500ms" or "5s"'

const url = z.string().min(1).optional()

export const hookSchema = z.strictObject({
  pattern: z.string(),
  name: z.string().min(1).max(100).optional(),
  dialect: z.enum(["laba", "tencent"]).default("laba"),
  register: url,
  transport: url,
  unregister: url,
  subscribe: url,
  publish: url,
  occupied: url,
  vacated: url,
  secret: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
      error: "must be a text or a list of texts",
    })
    .transform((given) => (typeof given === "string" ? [given] : given))
    .optional(),
  timeout: z
    .union([z.number().min(0), z.string().regex(timePattern, { error: timeError })], { error: timeError })
    .transform(millisecondsOf)
    .default(5000),
  concurrency: z.int().min(1).max(10_000).default(64),
  privateAddresses: z.array(z.string()).default([]),
  origin: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,255}$/, { error: "must be a name such as laba.example" })
    .default("laba"),
  handshake: z.boolean().default(true),
})

export type HookOutput = z.output<typeof hookSchema>
