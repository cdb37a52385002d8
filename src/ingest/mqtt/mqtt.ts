// MQTT as a source: its settings, and how one is opened.
import { z } from "zod"
import { milliseconds, texts } from "../../config/schema/schema-pieces.ts"
import type { SourceKind } from "../source.ts"
import { tlsSchema } from "../tls-settings.ts"

const address = /^mqtts?:\/\/(?:\[[\da-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?\/?$/

/** A topic with wildcards where MQTT has them: `+` for a level, `#` for all that follow. */
const filter = /^(?!\$share\/)(?:\+|[^+#\0]*)(?:\/(?:\+|[^+#\0]*))*(?:(?<=^|\/)#)?$/

const schema = z.strictObject({
  url: z.string().regex(address, {
    error:
      'must be an address such as "mqtt://host:1883" or "mqtts://host:8883"; user and password stand apart',
  }),
  topics: texts.refine((list) => list.every((topic) => topic.length > 0 && filter.test(topic)), {
    error:
      "must be topics, with + for one level and # for the last ones; `share` makes a shared subscription",
  }),
  version: z
    .union([z.literal(5), z.literal("5"), z.literal("3.1.1")], { error: 'must be 5 or "3.1.1"' })
    .default(5)
    .transform((version) => (version === "3.1.1" ? 4 : 5)),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)], { error: "must be 0, 1 or 2" }).default(1),
  share: z
    .string()
    .regex(/^[^/+#\s]{1,100}$/, { error: "must be a name without / + # and spaces" })
    .optional(),
  clientId: z.string().min(1).max(200).optional(),
  sessionExpiry: milliseconds('"12h" or "7d"').default(7 * 86_400_000),
  retained: z.boolean().default(false),
  user: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  deadLetterTopic: z
    .string()
    .regex(/^[^+#\0]+$/, { error: "must be a topic without + and #" })
    .optional(),
  tls: tlsSchema.optional(),
})

export type MqttSettings = z.output<typeof schema>

export const mqtt: SourceKind<MqttSettings> = {
  name: "mqtt",
  schema: schema as z.ZodType<MqttSettings>,
  fields: ["qos", "retained"],
  positions: false,
  // One session, read by one node at a time, keeps the order; a shared subscription is divided by the broker.
  exclusive: true,
  isDivided: ({ share }) => share !== undefined,
  topicSeparator: "/",
  setsAside: ({ deadLetterTopic }) => deadLetterTopic !== undefined,
  describe: ({ url, topics, share }) =>
    `MQTT ${topics.join(", ")} at ${url}${share === undefined ? "" : `, shared as ${share}`}`,
  problems({ url, tls, user, password, version, deadLetterTopic }) {
    return [
      ...(tls && !url.startsWith("mqtts:") ? ["tls: is for an address that begins with mqtts:"] : []),
      ...(password !== undefined && user === undefined ? ["password: stands without a user"] : []),
      ...(version === 4 && deadLetterTopic !== undefined
        ? ["deadLetterTopic: needs version 5, whose messages can carry the reason"]
        : []),
    ]
  },
  async open(settings, receiver, context) {
    const { MqttSource } = await import("./mqtt-source.ts")
    return new MqttSource(settings, receiver, context)
  },
}
