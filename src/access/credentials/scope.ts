// Channels named by patterns: what a token's claim or a key's scope reaches. Pure.
import type { Channel } from "../../channels/channel.ts"
import { parsePattern } from "../../channels/pattern.ts"
import { PatternTree } from "../../channels/pattern-tree.ts"
import type { Scope } from "../access.ts"
import { userPart } from "../rules/own-channels.ts"

/** Patterns in one scope. More are a rule of the application that was put into its tokens. */
export const scopePatternsMax = 64

/** A scope of these patterns, in which `/@me/…` are the user's own channels. Throws `bad_channel`, and `unauthorized` for an odd user. */
export function scopeOf(patterns: readonly string[], user?: string): Scope {
  if (patterns.length === 0) return nothing
  const tree = new PatternTree<true>()
  for (const pattern of patterns) tree.add(parsePattern(named(pattern, user)), true)
  return { patterns, has: (channel: Channel) => tree.find(channel.slice(1).split("/")) === true }
}

/** No channel at all. */
export const nothing: Scope = { patterns: [], has: () => false }

function named(pattern: string, user: string | undefined): string {
  if (user === undefined || !/^\/@me(?:\/|$)/.test(pattern)) return pattern
  return `/${userPart(user)}${pattern.slice("/@me".length)}`
}
