// The schema of `ingest`: messages of other systems that become messages of channels. What a kind of source takes is said with
// the kind; what needs more than a shape to be checked is in ../checks/ingest-problems.ts.
import { z } from "zod"
import { sourceKinds } from "../../ingest/kinds.ts"
import { size, texts } from "./schema-pieces.ts"

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

const condition = z
  .record(
    z.string(),
    z.union([scalar, z.array(scalar).min(1)], {
      error: "must be a text, a number, true, false or null, or a list of these",
    }),
    {
      error: "must be an object: what is compared, and a value or a list of values",
    },
  )
  .default({})

const text = z.string().min(1).optional()

const inFlight = z.strictObject({
  messages: z.int().min(1).max(1_000_000).default(1000),
  bytes: size({ min: 1024 }).prefault("8MiB"),
})

const shape = {
  to: texts.optional(),
  connection: text,
  when: condition,
  unless: condition,
  data: text,
  type: text,
  id: text,
  deadLetter: text,
  inFlight: inFlight.prefault({}),
  ready: z.boolean().default(false),
}

/** A member for each kind, of which one is there. */
const kindShape = Object.fromEntries(sourceKinds.map(({ name, schema }) => [name, schema.optional()]))

const ingest = z.strictObject({ ...(kindShape as Record<never, never>), ...shape })

export const ingestSchema = z.record(z.string(), ingest).default({})

export type IngestOutput = z.output<typeof ingest>
