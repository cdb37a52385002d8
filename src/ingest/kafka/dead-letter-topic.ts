// Writes messages that could not be published to a topic of Kafka, as they were, with the reason and the place they came from.
import type { SourceMessage } from "../source.ts"
import { clientOptions, endProducer, type KafkaLibrary, type KafkaProducer } from "./kafka-client.ts"
import type { KafkaSettings } from "./kafka-settings.ts"

const encoder = new TextEncoder()

export class DeadLetterTopic {
  private readonly library: KafkaLibrary
  private readonly settings: KafkaSettings
  private readonly about: { readonly topic: string; readonly clientId: string }
  private producer: KafkaProducer | null = null

  constructor(
    library: KafkaLibrary,
    settings: KafkaSettings,
    about: { readonly topic: string; readonly clientId: string },
  ) {
    this.library = library
    this.settings = settings
    this.about = about
  }

  /** Resolves when all replicas that must have it do. */
  async add(message: SourceMessage, reason: string): Promise<void> {
    const producer = this.open()
    const { key, body, headers, topic, fields } = message
    const about = {
      "laba-reason": reason,
      "laba-topic": topic,
      "laba-partition": fields["partition"] ?? "",
      "laba-offset": fields["offset"] ?? "",
      ...(body === null && { "laba-tombstone": "true" }),
    }
    try {
      await producer.send({
        acks: -1,
        messages: [
          {
            topic: this.about.topic,
            ...(key !== null && { key: Buffer.from(key) }),
            // The client writes no tombstones: one comes out empty, and its headers say that there was nothing.
            value: Buffer.from(body ?? []),
            headers: new Map(
              [
                ...headers,
                ...Object.entries(about).map(([name, text]) => [name, encoder.encode(text)] as const),
              ].map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const),
            ),
          },
        ],
      })
    } catch (error) {
      // Another one is made for the next: this one may believe in brokers that are gone.
      this.producer = null
      void endProducer(producer)
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.producer) await endProducer(this.producer)
  }

  private open(): KafkaProducer {
    this.producer ??= new this.library.Producer<Buffer, Buffer, Buffer, Buffer>({
      ...clientOptions(this.settings, `${this.about.clientId}-dead-letters`),
      retries: 2,
    })
    return this.producer
  }
}
