// What can be configured about hooks, as its user writes it. The comments here are also the texts of the docs.

/** A backend that is asked and told by HTTP about a pattern of channels. Each event goes to its own URL; several may be one. */
export interface HookInput {
  /** The channels it has a say about: the most specific pattern wins. `/**` is also asked about connections at `/_/…` that name no channel. */
  readonly pattern: string
  /** Names it in logs, in the API and in what is remembered for it. Default: the pattern. */
  readonly name?: string
  /** How requests look. Default `laba`: CloudEvents, signed, answered in JSON. `tencent`: what Tencent Cloud's API gateway sends to its functions. */
  readonly dialect?: "laba" | "tencent"
  /** Asked when a connection wants to be opened: may refuse it, name its user, attach channels. */
  readonly register?: string
  /** Asked what becomes of a message that a client sent. Without it, what the channel's rules say. */
  readonly transport?: string
  /** Told once when a connection is gone, also when this process died. */
  readonly unregister?: string
  /** Asked when a connection wants to listen to one more channel of the pattern. */
  readonly subscribe?: string
  /** Asked about a publish by a request without a key; and about a client's messages where there is no `transport`. */
  readonly publish?: string
  /** Told when a channel gets its first listener on this node. */
  readonly occupied?: string
  /** Told when a channel has lost its last listener on this node. */
  readonly vacated?: string
  /** Told when a STOMP client could not take messages of the pattern: a NACK. */
  readonly nack?: string
  /** What requests are signed with, at least 32 bytes; or a list while it is changed. Default: they are not signed. */
  readonly secret?: string | readonly string[]
  /** How long an answer may take, a time. Default 5s. */
  readonly timeout?: number | string
  /** Requests under way at once, the most; fewer while the backend is slow or fails. Default 64. */
  readonly concurrency?: number
  /** Addresses and networks that are not public and that the URLs may lead to all the same, such as `127.0.0.1` or `10.0.0.0/8`. Default none. */
  readonly privateAddresses?: readonly string[]
  /** Who asks for leave to call, in the header `WebHook-Request-Origin`. Default `laba`. */
  readonly origin?: string
  /** Whether each URL is asked by `OPTIONS` if it wants to be called. Default true; `tencent` never asks. */
  readonly handshake?: boolean
}
