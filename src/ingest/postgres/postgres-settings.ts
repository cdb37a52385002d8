// What is configured of a source that reads an outbox of PostgreSQL.
import { z } from "zod"
import { tlsSchema } from "../tls-settings.ts"

/** An address holds a password: no sentence repeats one. */
const url = z.string().refine((text) => /^postgres(ql)?:\/\/[^/]/.test(text) && URL.canParse(text), {
  error: "must begin with postgres:// and name a host",
})

const name = /^[\p{L}_][\p{L}\w$]{0,62}$/u

export const postgresSchema = z.strictObject({
  url,
  table: z
    .string()
    .regex(/^[\p{L}_][\p{L}\w$]{0,62}(\.[\p{L}_][\p{L}\w$]{0,62})?$/u, {
      error: "must be a table's name, with its schema and a dot before it where it needs one",
    })
    .default("laba_outbox"),
  keep: z.boolean().default(false),
  reader: z.string().min(1).max(200).default("laba"),
  notify: z.string().regex(name, { error: "must be a channel of NOTIFY" }).default("laba_outbox"),
  tls: z.union([z.boolean(), tlsSchema]).default(false),
})

export type PostgresSettings = z.output<typeof postgresSchema>
