// The contract of the pipeline: what it is given, and what it tells of. It is between a source and the engine, and knows neither
// kinds of sources nor of engines.
import type { Clock } from "../../bounds/clock.ts"
import type { Channel } from "../../channels/channel.ts"
import type { SourceMessage } from "../source.ts"
import type { MessageRoute } from "../template/message-route.ts"
import type { PublishPort } from "./publish-port.ts"

/** What a pipeline tells of. */
export interface PipelineReport {
  published(): void
  /** It was published before: by a node that has gone, or before a source handed it over again. */
  duplicate(): void
  passedOver(): void
  setAside(message: SourceMessage, reason: string): void
  /** It was to be set aside, and could not be. */
  setAsideFailed(message: SourceMessage, error: unknown): void
  /** A publish failed and is tried again. */
  engineTrouble(error: unknown): void
  engineWorks(): void
  /** The source took no dead letter; it is tried again. */
  sourceTrouble(error: unknown): void
  /** These are answered for. */
  settled(messages: readonly SourceMessage[]): void
}

export interface PipelineOptions {
  readonly name: string
  /** Whether messages are marked by positions: publishes are pipelined then. */
  readonly positions: boolean
  readonly inFlight: { readonly messages: number; readonly bytes: number }
  readonly route: Pick<MessageRoute, "outcomeOf">
  readonly port: PublishPort
  /** How a message is set aside: at its source, or in a channel. */
  readonly deadLetters:
    | { readonly channel: Channel; readonly bytesMax: () => number }
    | { readonly setAside: (message: SourceMessage, reason: string) => Promise<void> }
  readonly clock: Pick<Clock, "after">
  readonly random: () => number
  readonly report: PipelineReport
}
