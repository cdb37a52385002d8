// What can be configured of NATS JetStream as a source. The comments here are also the texts of the docs.
import type { SourceTlsInput } from "./tls-input.ts"

export interface NatsInput {
  /** A server of the cluster, such as `nats://host:4222`, or a list. */
  readonly servers: string | readonly string[]
  /** The stream. Templates know it as `{stream}`, and a message's place in it as `{sequence}`. */
  readonly stream: string
  /** Only these subjects, with the wildcards of NATS. Default: all of the stream. Templates know a message's as `{subject}`. */
  readonly subjects?: string | readonly string[]
  /** The durable consumer. Default `laba-` and the ingest's name. One node reads at a time. */
  readonly durable?: string
  /** Where a consumer begins that is not there yet. Default `start`: with the oldest message. `new`: with what is written from then on. */
  readonly from?: "start" | "new"
  /** The user, with `password`. */
  readonly user?: string
  /** The password of `user`. */
  readonly password?: string
  /** A token, instead of a user. */
  readonly token?: string
  /** A file of credentials (`.creds`), instead of a user. */
  readonly credentials?: string
  /** The JetStream domain. Default: the server's own. */
  readonly domain?: string
  /** The subject that dead letters are published to with `deadLetter: source`. */
  readonly deadLetterSubject?: string
  /** TLS beyond what `tls://` says. */
  readonly tls?: SourceTlsInput
}
