// What can be configured of an outbox of PostgreSQL as a source. The comments here are also the texts of the docs.
import type { SourceTlsInput } from "./tls-input.ts"

export interface PostgresInput {
  /** Where PostgreSQL 13 or newer is: `postgres://user:password@host:5432/database`. Not through a pooler that changes connections between transactions. */
  readonly url: string
  /** The table that applications write into, in their own transactions. Default `laba_outbox`. Templates know a row's number as `{id}`. */
  readonly table?: string
  /** Whether rows stay when they are published. Default false: they are deleted. With it, the table `<table>_progress` says how far each reader is. */
  readonly keep?: boolean
  /** With `keep`: by which name it says how far we are. Default `laba`. */
  readonly reader?: string
  /** The channel of `NOTIFY` that says that there are rows. Without a word from it they are found within a second. Default `laba_outbox`. */
  readonly notify?: string
  /** Whether it is reached over TLS, or how. Default false. */
  readonly tls?: boolean | SourceTlsInput
}
