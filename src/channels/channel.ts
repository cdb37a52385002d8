// The contract of channel names: a checked string and nothing else. How a name is checked is in name.ts.

declare const checked: unique symbol

/** A channel's name in its one canonical form, for example `/orders/42`. Only `name.ts` makes one, so an unchecked string cannot reach an engine. */
export type Channel = string & { readonly [checked]: true }

/** How much of a channel is kept. All three bounds hold at once; `null` as a whole keeps nothing and is lossy. */
export type Keep = {
  /** Messages. */
  readonly count: number
  /** Bytes of payload. */
  readonly bytes: number
  /** Milliseconds since a message was accepted. */
  readonly timeMs: number
} | null

/** What happens to a reader that is slow on this channel. */
export type SlowPolicy =
  /** Closed with the code `slow`; it comes back and resumes. */
  | "disconnect"
  /** Leaves its group, skips to the newest message once it has drained, and joins again. */
  | "latest"

/** What a channel pattern allows and keeps. Who may listen and publish joins this with the access rules. */
export interface Rule {
  /** The pattern this rule came from, for error texts and the API. */
  readonly pattern: string
  readonly keep: Keep
  readonly slow: SlowPolicy
}
