// The contract of channel names: a checked string and nothing else. How a name is checked is in name.ts.

declare const checked: unique symbol

/** A channel's name in its one canonical form, for example `/orders/42`. Only `name.ts` makes one, so an unchecked string cannot reach an engine. */
export type Channel = string & { readonly [checked]: true }

/** A rule's part of what an engine may keep. */
export interface RuleBudget {
  /** `rule:` and the pattern. */
  readonly name: `rule:${string}`
  readonly bytes: number
}

/** How much of a channel is kept. All three bounds hold at once; `null` as a whole keeps nothing and is lossy. */
export type Keep = {
  /** Messages. */
  readonly count: number
  /** Bytes of payload. */
  readonly bytes: number
  /** Milliseconds since a message was accepted. */
  readonly timeMs: number
  /** What all channels of the rule together may have of a budget that is used up. Left out: each publisher has a share instead. */
  readonly budget?: RuleBudget
} | null

/** What happens to a reader that is slow on this channel. */
export type SlowPolicy =
  /** Closed with the code `slow`; it comes back and resumes. */
  | "disconnect"
  /** Leaves its group, skips to the newest message once it has drained, and joins again. */
  | "latest"

/**
 * What somebody may do with a channel.
 * - `listen`: hear what is published from now on, and ask where the channel stands.
 * - `publish`: publish.
 * - `presence`: see who listens.
 * - `history`: read what was published before: resume from a cursor, poll, fetch the newest message.
 * - `manage`: forget the history and send the listeners away.
 */
export type Action = "listen" | "publish" | "presence" | "history" | "manage"

/**
 * Who may. Each word takes in those after it, but `nobody` takes in no one.
 * - `anyone`: without any credential too.
 * - `token`: who shows a valid token, or a key for the channel.
 * - `owner`: the user whose channel it is (`/@<user>/…`), or a key for the channel.
 * - `key`: a key for the channel.
 * - `nobody`: no client and no backend; only the program that runs the server.
 */
export type Who = "anyone" | "token" | "owner" | "key" | "nobody"

/** For each action, who may do it. */
export type Permissions = Readonly<Record<Action, Who>>

/** What a channel pattern allows and keeps. */
export interface Rule {
  /** The pattern this rule came from, for error texts and the API. */
  readonly pattern: string
  readonly keep: Keep
  readonly slow: SlowPolicy
  /** Left out: everybody may do everything. */
  readonly permissions?: Permissions
  /** Whether it is known who listens, and who came and left. Left out: no. */
  readonly presence?: boolean
}
