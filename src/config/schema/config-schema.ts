// The schema of the configuration: shapes, ranges and defaults. Texts for people are in ../input/ and wire/limits.ts.
import { isIP } from "node:net"
import { z } from "zod"
import { defaultLimits, type Limits } from "../../../wire/limits.ts"
import { defaultRule } from "../../channels/rules.ts"
import { accessShape, permissionsShape } from "./access-schema.ts"
import { logFormats, logLevels } from "../../telemetry/log-options.ts"
import { engineSchema, redisSchema, sqliteSchema } from "./engine-schema.ts"
import { hookSchema } from "./hooks-schema.ts"
import { ingestSchema } from "./ingest-schema.ts"
import { milliseconds, outOf, type Range, size, within } from "./schema-pieces.ts"
import { sockJsSchema } from "./sockjs-schema.ts"
import { watchSchema } from "./watch-schema.ts"

const time = milliseconds('"500ms", "25s", "1m" or "1h"')

const seconds = (range: Range) =>
  time.transform((given) => given / 1000).refine(within(range), { error: outOf("seconds", range) })

const count = ({ min, max }: Range) => (max === undefined ? z.int().min(min) : z.int().min(min).max(max))

const hostError = 'must be an address or a host name, such as "127.0.0.1"; the port is `port`'

/** An address, that of IPv6 in brackets too, or a name: no URL and no port behind it. Whether this machine has it shows at the start. */
const isHost = (text: string): boolean =>
  isIP(text.replace(/^\[(.*)\]$/, "$1")) !== 0 || /^[\w.-]*$/.test(text)

/** 0 is no bound; less than one a second is a fraction. */
const rate = (standard: number) => z.number().min(0).max(1_000_000).default(standard)

const { messageBytesMax, queryBytesMax, channelsPerConnectionMax, outboxBytesMax, pollSecondsMax } =
  defaultLimits

const limitsShape = {
  messageBytesMax: size({ min: 1, max: 64 * 1024 * 1024 }).default(messageBytesMax),
  queryBytesMax: size({ min: 256 }).default(queryBytesMax),
  // The compound cursor of more would be longer than a cursor may be (`cursorCharsMax`).
  channelsPerConnectionMax: count({ min: 1, max: 256 }).default(channelsPerConnectionMax),
  outboxBytesMax: size({ min: 1 }).default(outboxBytesMax),
  ringBytesMax: size({ min: 1 }).default(defaultLimits.ringBytesMax),
  // Bun cuts a request that is silent for 255 s.
  pollSecondsMax: seconds({ min: 1, max: 240 }).default(pollSecondsMax),
  pollsWaitingMax: count({ min: 0 }).default(defaultLimits.pollsWaitingMax),
  streamSecondsMax: seconds({ min: 1 }).default(defaultLimits.streamSecondsMax),
  heartbeatSeconds: seconds({ min: 0.1, max: 120 }).default(defaultLimits.heartbeatSeconds),
  idempotencySeconds: seconds({ min: 0 }).default(defaultLimits.idempotencySeconds),
  idempotencyKeysMax: count({ min: 0 }).default(defaultLimits.idempotencyKeysMax),
  historyBytesMax: size({ min: 1 }).default(defaultLimits.historyBytesMax),
  historyPercentPerPublisherMax: count({ min: 0, max: 100 }).default(
    defaultLimits.historyPercentPerPublisherMax,
  ),
  listenedChannelsMax: count({ min: 1 }).default(defaultLimits.listenedChannelsMax),
  pageMessagesMax: count({ min: 1 }).default(defaultLimits.pageMessagesMax),
  pageBytesMax: size({ min: 1 }).default(defaultLimits.pageBytesMax),
  drainSeconds: seconds({ min: 0 }).default(defaultLimits.drainSeconds),
  drainGraceSeconds: seconds({ min: 0 }).default(defaultLimits.drainGraceSeconds),
  connectionsMax: count({ min: 1 }).default(defaultLimits.connectionsMax),
  connectionsPerAddressMax: count({ min: 0 }).default(defaultLimits.connectionsPerAddressMax),
  connectionsPerUserMax: count({ min: 0 }).default(defaultLimits.connectionsPerUserMax),
  connectsPerAddressPerSecond: rate(defaultLimits.connectsPerAddressPerSecond),
  // Bun cuts a request that is silent for 10 s.
  connectWaitSecondsMax: seconds({ min: 0, max: 8 }).default(defaultLimits.connectWaitSecondsMax),
  connectsWaitingMax: count({ min: 0 }).default(defaultLimits.connectsWaitingMax),
  publishesPerKeyPerSecond: rate(defaultLimits.publishesPerKeyPerSecond),
  publishesPerUserPerSecond: rate(defaultLimits.publishesPerUserPerSecond),
  publishesPerAddressPerSecond: rate(defaultLimits.publishesPerAddressPerSecond),
  publishesPerChannelPerSecond: rate(defaultLimits.publishesPerChannelPerSecond),
  subscribesPerConnectionPerSecond: rate(defaultLimits.subscribesPerConnectionPerSecond),
  refusalsPerConnectionPerSecond: rate(defaultLimits.refusalsPerConnectionPerSecond),
  refusalsPerAddressPerSecond: rate(defaultLimits.refusalsPerAddressPerSecond),
  headerBytesMax: size({ min: 256 }).default(defaultLimits.headerBytesMax),
  headersPerFrameMax: count({ min: 8 }).default(defaultLimits.headersPerFrameMax),
  unacknowledgedMax: count({ min: 1 }).default(defaultLimits.unacknowledgedMax),
  unacknowledgedPerNodeMax: count({ min: 1 }).default(defaultLimits.unacknowledgedPerNodeMax),
  unacknowledgedBytesPerNodeMax: size({ min: 1 }).default(defaultLimits.unacknowledgedBytesPerNodeMax),
} satisfies Record<keyof Limits, z.ZodType<number>>

const history = z.union(
  [
    z.literal("none"),
    z.strictObject({
      count: count({ min: 1 }).optional(),
      bytes: size({ min: 1 }).optional(),
      time: time.refine(within({ min: 1 }), { error: "must be at least 1ms" }).optional(),
      budget: size({ min: 1 }).optional(),
    }),
  ],
  { error: 'must be "none", or an object with `count`, `bytes`, `time` and `budget`' },
)

export const channelSchema = z.strictObject({
  history: history.default({}),
  slow: z.enum(["disconnect", "latest"]).default(defaultRule.slow),
  ...permissionsShape,
})

const tlsSchema = z.strictObject({
  cert: z.string().min(1),
  key: z.string().min(1),
  ca: z.string().min(1).optional(),
})

const logSchema = z.strictObject({
  level: z.enum(logLevels).default("warn"),
  format: z.enum(logFormats).optional(),
})

const nodeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { error: "must be 1 to 64 of letters, digits and _ . -" })
    .optional(),
  advertise: z
    .string()
    .regex(/^https?:\/\/[^\s/?#@]+$/, { error: 'must be an address such as "http://10.0.0.7:8080"' })
    .optional(),
  lease: seconds({ min: 1, max: 300 }).default(10),
})

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  listen: z
    .strictObject({
      host: z.string().min(1).refine(isHost, { error: hostError }).default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(8080),
    })
    .prefault({}),
  engine: engineSchema.default("memory"),
  sqlite: sqliteSchema.prefault({}),
  redis: redisSchema.prefault({}),
  node: nodeSchema.prefault({}),
  channels: z.record(z.string(), channelSchema).default({}),
  ...accessShape,
  sockjs: sockJsSchema.prefault({}),
  limits: z.strictObject(limitsShape).prefault({}),
  tls: tlsSchema.optional(),
  log: logSchema.prefault({}),
  stomp: z
    .strictObject({
      paths: z.array(z.string()).max(20).default([]),
      tcp: z.int().min(0).max(65_535).optional(),
      proxyProtocol: z.boolean().default(false),
    })
    .prefault({}),
  hooks: z.array(hookSchema).max(100).default([]),
  watch: watchSchema,
  ingest: ingestSchema,
  open: z.boolean().default(false),
})

export type ConfigOutput = z.output<typeof configSchema>
export type ChannelOutput = z.output<typeof channelSchema>
