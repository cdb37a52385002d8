// What the suite needs of a kind of source: a real broker that can be written to and killed, and how an ingest is told to read it.
import type { IngestInput } from "../../src/config/input/ingest-input.ts"

/** A message as its application writes it. */
export interface Written {
  /** Messages of one key are in one order. */
  readonly key: string
  readonly body: string | Uint8Array | null
  /** Unlike every other's; the same again for what is written twice. */
  readonly id: string
}

export interface SourceDriver extends AsyncDisposable {
  /** The kind as the configuration names it, with its settings, and what else its ingest needs for once. */
  readonly ingest: Partial<IngestInput>
  /** Writes in this order. Resolves when the broker has them to keep; tries again while it is away. */
  produce(messages: readonly Written[]): Promise<void>
  /** `kill -9`. */
  kill(): Promise<void>
  /** Starts it again with what it had. */
  restart(): Promise<void>
  /** What divides the work does so anew, as when a reader comes and goes. Left out where one node reads. */
  rebalance?(): Promise<void>
  /** How many messages are not acknowledged. */
  unacknowledged(): Promise<number>
}
