// Makes clients of Kafka's library from settings. Each is made once and thrown away with its first failure: what a client believes
// of its brokers after one is not to be relied on.
import type { BaseOptions, Consumer, Producer } from "@platformatic/kafka"
import { within } from "../../bounds/within.ts"
import { readTls } from "../tls-settings.ts"
import type { KafkaSettings } from "./kafka-settings.ts"

export type KafkaConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>
export type KafkaProducer = Producer<Buffer, Buffer, Buffer, Buffer>
export type KafkaLibrary = typeof import("@platformatic/kafka")

export const loadKafka = (): Promise<KafkaLibrary> => import("@platformatic/kafka")

/** Another member takes over as long after the heart of this one stood still. */
export const sessionMs = 10_000
/** How long members may take to join anew; what is published meanwhile is answered by then. */
const rebalanceMs = 30_000
const heartbeatMs = 2000
const goodbyeMs = 1500

/** What all clients are told. Throws a sentence when a file of `tls` cannot be read. */
export function clientOptions({ brokers, tls, sasl }: KafkaSettings, clientId: string): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5000,
    // Whoever asks decides whether to ask again.
    retries: 0,
    ...(tls !== false && { tls: tls === true ? {} : readTls(tls) }),
    ...(sasl && {
      sasl: {
        mechanism: sasl.mechanism.toUpperCase() as "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512",
        username: sasl.username,
        password: sasl.password,
      },
    }),
  }
}

export function newConsumer(
  library: KafkaLibrary,
  settings: KafkaSettings,
  { clientId, topics }: { readonly clientId: string; readonly topics: readonly string[] },
): KafkaConsumer {
  const consumer = new library.Consumer<Buffer, Buffer, Buffer, Buffer>({
    ...clientOptions(settings, clientId),
    groupId: settings.group,
    sessionTimeout: sessionMs,
    rebalanceTimeout: rebalanceMs,
    heartbeatInterval: heartbeatMs,
  })
  for (const topic of topics) consumer.topics.track(topic)
  return consumer
}

/** Ends it, and what hangs in it; never throws. A member says goodbye to its group, when there is somebody to hear it. */
export async function endConsumer(consumer: KafkaConsumer): Promise<void> {
  const close = async (): Promise<void> => {
    try {
      await (consumer.close(true) as unknown as Promise<void>)
    } catch {
      // It was not connected, which is what was wanted.
    }
  }
  if (await within(goodbyeMs, close())) return
  // Without a membership it waits for nobody.
  consumer.memberId = null
  await within(goodbyeMs, close())
}

export async function endProducer(producer: KafkaProducer): Promise<void> {
  try {
    await within(goodbyeMs, producer.close())
  } catch {
    // As above.
  }
}
