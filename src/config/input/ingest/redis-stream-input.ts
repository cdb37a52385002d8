// What can be configured of a Redis stream as a source. The comments here are also the texts of the docs.
import type { SourceTlsInput } from "./tls-input.ts"

export interface RedisStreamInput {
  /** Where Redis 7 or newer is: `redis://host:6379`, `redis-sentinel://host1,host2/master` or `redis-cluster://host1,host2`, with `user:password@` before the hosts and `rediss` for TLS. */
  readonly url: string
  /** The key of the stream. Templates know it as `{stream}`, and the entry as `{id}`. */
  readonly stream: string
  /** The consumer group. Default `laba`. One node reads at a time. */
  readonly group?: string
  /** Where a group begins that is not there yet. Default `start`: with the oldest entry. `new`: with what is written from then on. */
  readonly from?: "start" | "new"
  /** Whether stream and group are made when they are not there. Default true. */
  readonly create?: boolean
  /** The field of an entry that is the body. Default: `body`, else `data`, else all fields together as one JSON object of texts. */
  readonly body?: string
  /** The field that is the key. Default `key`. */
  readonly key?: string
  /** The stream that dead letters are added to with `deadLetter: source`. */
  readonly deadLetterStream?: string
  /** For an address that begins with `rediss`. */
  readonly tls?: SourceTlsInput
}
