// What is configured of a source that reads from RabbitMQ.
import { z } from "zod"
import { tlsSchema } from "../tls-settings.ts"

/** An address holds a password: no sentence repeats one. */
const url = z.string().refine((text) => /^amqps?:\/\/[^/]/.test(text) && URL.canParse(text), {
  error: "must begin with amqp:// or amqps:// and name a host",
})

const queue = z.string().min(1).max(255)

export const rabbitMqSchema = z.strictObject({
  url: z
    .union([url, z.array(url).min(1)])
    .transform((given) => (typeof given === "string" ? [given] : given)),
  queues: z.array(queue).min(1).max(100),
  prefetch: z.int().min(1).max(65_535).optional(),
  tls: tlsSchema.optional(),
  deadLetterQueue: queue.optional(),
})

export type RabbitMqSettings = z.output<typeof rabbitMqSchema>
