// The schema of what is configured about hooks. What needs more than a shape to be checked is in ../checks/hooks-problems.ts.
import { z } from "zod"
import { milliseconds, texts } from "./schema-pieces.ts"

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
  nack: url,
  secret: texts.optional(),
  timeout: milliseconds('"500ms" or "5s"').default(5000),
  concurrency: z.int().min(1).max(10_000).default(64),
  privateAddresses: z.array(z.string()).default([]),
  origin: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,255}$/, { error: "must be a name such as laba.example" })
    .default("laba"),
  handshake: z.boolean().default(true),
})

export type HookOutput = z.output<typeof hookSchema>
