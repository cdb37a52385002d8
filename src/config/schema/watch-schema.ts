// The schema of `watch`: channels that must be heard from, and who is told when one is silent. What needs more than a
// shape to be checked is in ../checks/watch-problems.ts.
import { z } from "zod"
import { milliseconds, texts } from "./schema-pieces.ts"

const time = milliseconds('"500ms", "30s", "5m" or "1h"').optional()

const mail = z.strictObject({ smtp: z.string().min(1), from: z.string().min(1), to: texts })

const text = z.string().min(1).optional()

const sms = z.strictObject({
  provider: z.enum(["tencent", "twilio"]),
  to: texts,
  secretId: text,
  secretKey: text,
  appId: text,
  templateId: text,
  signName: text,
  region: text,
  accountSid: text,
  authToken: text,
  from: text,
  endpoint: text,
})

const tell = z.strictObject({
  channel: text,
  webhook: text,
  secret: text,
  command: z
    .union([z.string().min(1), z.array(z.string()).min(1)], { error: "must be a text or a list of texts" })
    .optional(),
  mail: mail.optional(),
  sms: sms.optional(),
})

const watch = z.strictObject({
  channel: z.string().min(1),
  every: time,
  silent: time,
  tell: z.array(tell).min(1),
})

export const watchSchema = z.array(watch).default([])

export type WatchOutput = z.output<typeof watch>
export type TellOutput = z.output<typeof tell>
export type SmsOutput = z.output<typeof sms>
