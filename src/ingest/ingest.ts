// The contract of ingest: messages that others have written, to Kafka or RabbitMQ, become messages of channels, by configuration
// alone. At least once into the engine, once to whoever listens.
import type { Channel } from "../channels/channel.ts"
import type { SeekPlace, SourceKind } from "./source.ts"
import type { RouteConfig } from "./template/message-route.ts"

/** One ingest, as it is configured. */
export interface IngestConfig {
  readonly name: string
  readonly kind: SourceKind
  /** As the kind's schema has read them. */
  readonly settings: unknown
  readonly route: RouteConfig
  /** Where messages at fault go. */
  readonly deadLetter: Channel | "source"
  readonly inFlight: { readonly messages: number; readonly bytes: number }
  /** Whether its source's absence makes the node unready. */
  readonly ready: boolean
}

/**
 * What an ingest does now. `standby`: another node reads. `away`: its source cannot be reached, or refuses us. `held`: the engine
 * takes nothing, and so the source waits.
 */
export type IngestState = "starting" | "running" | "away" | "held" | "standby" | "paused"

/** An ingest on one node, and what it did since that was started. */
export interface IngestReport {
  readonly name: string
  /** Its kind and where it reads, for people. */
  readonly source: string
  readonly state: IngestState
  /** What went wrong last, and when, in milliseconds since 1970. */
  readonly error: { readonly says: string; readonly time: number } | null
  /** Messages that wait at the source; null when unknown. */
  readonly lag: number | null
  /** Messages taken and not answered for. */
  readonly inFlight: number
  readonly inFlightBytes: number
  /** Messages answered for in the last ten seconds, a second. */
  readonly perSecond: number
  readonly published: number
  /** They were published before. */
  readonly duplicates: number
  readonly passedOver: number
  readonly deadLetters: number
}

/** What came of replaying what was set aside. */
export interface ReplayReport {
  readonly published: number
  /** They were replayed before. */
  readonly already: number
  /** What still cannot be published. It stays where it is. */
  readonly failed: readonly { readonly cursor: string; readonly reason: string }[]
}

/** All ingests of one node. Methods throw `not_found` for a name that none has. */
export interface Ingests {
  readonly names: readonly string[]
  reports(): Promise<readonly IngestReport[]>
  /** Reads no more, on this node, until it is resumed or the node is started anew. */
  pause(name: string): void
  resume(name: string): void
  /** Publishes what was set aside in a channel, each message once. Throws `bad_request` where it is set aside at the source. */
  replay(name: string): Promise<ReplayReport>
  /** Reads no more and gives back what it has, to go elsewhere. */
  release(name: string): Promise<void>
  /** What was published, of one partition or of all, is published again when it is handed over again. For when nothing is under way on any node. */
  forgetPublished(name: string, partition: string | null): Promise<void>
  /** Goes to another place and reads on from there; false when this node does not read there. Throws `bad_request` where the source cannot. */
  seek(name: string, place: SeekPlace): Promise<boolean>
}
