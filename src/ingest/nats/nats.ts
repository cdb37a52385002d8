// NATS JetStream as a source: its settings, and how one is opened.
import { z } from "zod"
import { texts } from "../../config/schema/schema-pieces.ts"
import type { SourceKind } from "../source.ts"
import { tlsSchema } from "../tls-settings.ts"

/** What NATS takes for a stream's or a consumer's name. */
const name = z
  .string()
  .regex(/^[^\s.*>/\\]{1,200}$/, { error: "must be a name without spaces and . * > / \\" })

const server = /^(?:(?:nats|tls):\/\/)?(?:\[[\da-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?$/

const schema = z.strictObject({
  servers: texts.refine((list) => list.every((text) => server.test(text)), {
    error: 'must be addresses such as "nats://host:4222" or "tls://host:4222"; user and password stand apart',
  }),
  stream: name,
  subjects: texts.optional(),
  durable: name.optional(),
  from: z.enum(["start", "new"]).default("start"),
  user: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  token: z.string().min(1).optional(),
  credentials: z.string().min(1).optional(),
  domain: name.optional(),
  deadLetterSubject: z
    .string()
    .regex(/^[^\s*>]+$/, { error: "must be a subject without spaces and wildcards" })
    .optional(),
  tls: tlsSchema.optional(),
})

export type NatsSettings = z.output<typeof schema>

export const nats: SourceKind<NatsSettings> = {
  name: "nats",
  schema: schema as z.ZodType<NatsSettings>,
  fields: ["stream", "subject", "sequence"],
  positions: true,
  // A durable consumer spreads its messages over all who pull.
  exclusive: true,
  topicSeparator: ".",
  setsAside: ({ deadLetterSubject }) => deadLetterSubject !== undefined,
  describe: ({ servers, stream }) => `NATS stream ${stream} at ${servers.join(", ")}`,
  problems({ user, password, token, credentials }) {
    const ways = [user, token, credentials].filter((way) => way !== undefined)
    return [
      ...((user === undefined) === (password === undefined) ? [] : ["user and password belong together"]),
      ...(ways.length > 1 ? ["one of user, token and credentials is enough"] : []),
    ]
  },
  async open(settings, receiver, context) {
    const { NatsSource } = await import("./nats-source.ts")
    return new NatsSource(settings, receiver, context)
  },
}
