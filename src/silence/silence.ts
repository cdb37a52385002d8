// The contract of the silence alarm: what is watched, what is told, and what a watch needs of the place it runs in. A
// watch knows channels and time; it refuses to know engines, connections and who is told.

/** A channel, or each channel of a pattern, that must be heard from. */
export interface Watch {
  /** A channel's name or a pattern. A channel is watched from the start; one of a pattern, from its first message. */
  readonly channel: string
  /** How often it is expected to speak, in milliseconds. */
  readonly everyMs: number
  /** After so many milliseconds without a word it is silent. */
  readonly silentMs: number
}

/** What is told: once when a channel has gone silent, once when it is back. */
export interface Alarm {
  readonly alarm: "silent" | "back"
  /** The channel that went silent or is back. */
  readonly channel: string
  /** The channel or pattern that is watched. */
  readonly watch: string
  /** When this was noticed, in milliseconds since 1970. */
  readonly time: number
  /** How long nothing was heard until then, in seconds. Time in which nobody could listen is not counted. */
  readonly silentSeconds: number
  /** How often it was expected, in seconds. */
  readonly everySeconds: number
  /** The cursor of the last message; null when none was ever heard. */
  readonly last: string | null
}
