// The contract of a source: where messages are read that others have written, as Kafka or RabbitMQ. A source knows its
// broker, its partitions and positions; it refuses to know channels, engines and what becomes of a message.
//
// A source hands messages to its receiver, in the order of each partition, and gets each back once it is settled: only then it
// acknowledges. Whatever is not settled when a source ends is handed over again, by it or by another node.
import type { z } from "zod"
import type { MaybePromise } from "../engines/engine.ts"

/** A message as its source handed it over. The same object comes back when it is settled. */
export interface SourceMessage {
  /** The ordered part of its source, with an identity that a source made anew does not share: of Kafka, topic id and partition. */
  readonly partition: string
  /**
   * Its place in there, as text that sorts as the places do: digits padded to one width, `-` between. Null where the source
   * knows none, as RabbitMQ and MQTT.
   */
  readonly position: string | null
  /** Where it was written to: topic, routing key, subject, a stream's key. */
  readonly topic: string
  readonly key: Uint8Array | null
  /** Null: there is none, as in a tombstone. */
  readonly body: Uint8Array | null
  readonly contentType: string | null
  readonly headers: ReadonlyMap<string, Uint8Array>
  /** What all of it costs in memory, where its source knows that without making headers. */
  readonly bytes?: number
  /** What only this kind of source knows, for templates: one for each of `SourceKind.fields` that it has. */
  readonly fields: Readonly<Record<string, string>>
  /** When it was written, in milliseconds since 1970; null when unknown. */
  readonly time: number | null
  /** Why its source could not read it, as a batch whose checksum is wrong: it is set aside with this reason. */
  readonly broken?: string | undefined
}

/** What a source hands messages to. */
export interface SourceReceiver {
  /** Takes messages over, in order. Resolves when more may come: a source hands over nothing before. Never rejects. */
  take(messages: readonly SourceMessage[]): Promise<void>
  /**
   * These partitions are somebody else's from now on, or the connection is lost: what was not handed to the engine yet is
   * dropped. Resolves once all that was is answered; `settle` has been called for it by then. Never rejects.
   */
  release(partitions: readonly string[] | "all"): Promise<void>
  /** It is connected and reads. */
  running(): void
  /** It is away, or refuses us, and will be tried again. May be said as often as it happens. The sentence holds no secret. */
  trouble(sentence: string): void
}

/** Where reading begins anew: at the first that is kept, at a time in milliseconds since 1970, or at one partition's position. */
export type SeekPlace =
  "start" | { readonly time: number } | { readonly partition: string; readonly position: string }

/** A source that was opened. It connects by itself, and again when it was lost, with jitter, for ever: `open` never throws for that. */
export interface Source {
  /**
   * These were published, passed over or set aside: in each partition in order, each once. What fails here is the source's
   * own: the message is handed over again, and the engine knows that it was published.
   */
  settle(messages: readonly SourceMessage[]): void
  /** Puts it at the source's own place for dead letters. Resolves when it is there; is tried again when it rejects. Left out where there is none. */
  setAside?(message: SourceMessage, reason: string): Promise<void>
  /** How many messages wait at the source; null when unknown. */
  lag(): Promise<number | null>
  /** Reads no more until `resume`. What was handed over can still be settled. */
  pause(): void
  resume(): void
  /** Goes to another place, after the receiver was told to release what it is about. Left out where it cannot. Resolves false, and nothing changed, when it does not read that partition. Rejects when it is away. */
  seek?(place: SeekPlace): Promise<boolean>
  /** Gives back what is not settled, and is over. Resolves within some seconds, also when the broker is away. */
  close(): Promise<void>
}

/** What a source is told beside its settings. */
export interface SourceContext {
  /** The ingest's name in the configuration. */
  readonly name: string
  /** A name for this node at the broker, unlike any other's: `laba-<ingest>-<run>`. */
  readonly clientId: string
  /** What its operator calls this node: the same after a restart, so that a broker knows it again. Null: nothing. */
  readonly node: string | null
  /** How much may be handed over and not settled: a source asks its broker for no more at once. */
  readonly inFlight: { readonly messages: number; readonly bytes: number }
}

/** One kind of source, as the configuration names it: `kafka`, `rabbitmq`. */
export interface SourceKind<Settings = unknown> {
  readonly name: string
  readonly schema: z.ZodType<Settings>
  /** What a template may name besides `key`, `header.…`, `json.…` and `topic`. */
  readonly fields: readonly string[]
  /** Whether its messages have positions. Without, a message is published once only by an `id:`. */
  readonly positions: boolean
  /**
   * Whether one node reads at a time, by a lease: where the source spreads the messages of one ordered part over all who read.
   * Else it divides the work itself, as Kafka's groups.
   */
  readonly exclusive: boolean
  /** Whether an exclusive source is divided after all with these settings, so that every node reads. */
  isDivided?(settings: Settings): boolean
  /** What it is, for people: `kafka orders at k1:9092 as laba`. Without a secret. */
  describe(settings: Settings): string
  /** Who reads what, a text for each thing read: two ingests of one configuration must share none. Left out where they may. */
  readersOf?(settings: Settings): readonly string[]
  /** What tells two readers apart: `a group`. */
  readonly readerName?: string
  /** What divides its topics, for `{topic...}`: `/` of MQTT, `.` of NATS. Left out where nothing does. */
  readonly topicSeparator?: string
  /** Whether bodies may begin as a schema registry frames them: a zero byte and four of a schema's id. */
  readonly registryFramed?: boolean
  /** Whether it has a place of its own for dead letters, by these settings: `deadLetter: source` needs one. Left out: never. */
  setsAside?(settings: Settings): boolean
  /** What is wrong with settings of the right shape, a sentence each. */
  problems?(settings: Settings): readonly string[]
  /** Loads the client library of its broker only here, so that nobody loads what they do not use. */
  open(settings: Settings, receiver: SourceReceiver, context: SourceContext): MaybePromise<Source>
}
