// Redis streams as a source: their settings, and how one is opened.
import { z } from "zod"
import { printAddress, readAddress, type RedisAddress } from "../../config/redis-address.ts"
import type { SourceKind } from "../source.ts"
import { readTls, tlsSchema } from "../tls-settings.ts"

const keyName = z.string().min(1).max(512)

const schema = z.strictObject({
  url: z.string().transform((text, context): RedisAddress => {
    const read = readAddress(text)
    if ("address" in read) return read.address
    context.addIssue({ code: "custom", message: `the address ${read.wrong}` })
    return z.NEVER
  }),
  stream: keyName,
  group: z.string().min(1).max(200).default("laba"),
  from: z.enum(["start", "new"]).default("start"),
  create: z.boolean().default(true),
  body: z.string().min(1).optional(),
  key: z.string().min(1).default("key"),
  deadLetterStream: keyName.optional(),
  tls: tlsSchema.optional(),
})

export type RedisStreamSettings = z.output<typeof schema>

/** Begins the Redis channel by which a connection is watched. */
const prefix = "laba:ingest"

export const redisStream: SourceKind<RedisStreamSettings> = {
  name: "redisStream",
  schema: schema as z.ZodType<RedisStreamSettings>,
  fields: ["stream", "id"],
  positions: true,
  // A group spreads its entries over all who read.
  exclusive: true,
  setsAside: ({ deadLetterStream }) => deadLetterStream !== undefined,
  describe: ({ url, stream, group }) => `Redis stream ${stream} at ${printAddress(url)} as ${group}`,
  readersOf: ({ url, stream, group }) => [JSON.stringify([printAddress(url), url.database, stream, group])],
  readerName: "a group",
  problems({ url, tls, stream, deadLetterStream }) {
    return [
      ...(tls && !url.tls ? ["tls: is for an address that begins with rediss:"] : []),
      ...(deadLetterStream === stream ? ["deadLetterStream: is the stream that is read"] : []),
    ]
  },
  async open(settings, receiver, context) {
    const { RedisClient } = await import("../../redis/redis-client.ts")
    const { RedisStreamSource } = await import("./redis-stream-source.ts")
    const tls = settings.tls && { tls: readTls(settings.tls) }
    // A stream that is dropped is noticed; a cache beside it is nobody's fault.
    const redis = new RedisClient({ address: settings.url, prefix, mayEvict: true, ...tls })
    return new RedisStreamSource(settings, receiver, context, redis)
  },
}
