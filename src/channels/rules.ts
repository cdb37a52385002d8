// Which rule a channel has: the one with the most specific pattern.
import { LabaError } from "../../wire/error.ts"
import type { Channel, Rule } from "./channel.ts"
import { parsePattern } from "./pattern.ts"
import { PatternTree } from "./pattern-tree.ts"

/** The rule of every channel that no configured pattern fits. A short history: enough to come back from a lost connection. */
export const defaultRule: Rule = {
  pattern: "/**",
  keep: { count: 100, bytes: 256 * 1024, timeMs: 60_000 },
  slow: "disconnect",
}

export class Rules {
  /** Every rule that was configured, in the order given. */
  readonly entries: readonly Rule[]
  /** Whether any of them keeps presence: if none does, no channel's rule need be looked up for it. */
  readonly keepPresence: boolean
  private readonly tree = new PatternTree<Rule>()

  /** Throws `bad_channel` for a pattern that is malformed or there twice. An entry for every channel (`/**`) replaces `defaultRule`. */
  constructor(entries: readonly Rule[] = []) {
    this.entries = entries
    this.keepPresence = entries.some(({ presence }) => presence === true)
    for (const rule of entries) {
      const pattern = parsePattern(rule.pattern)
      if (this.tree.add(pattern, rule)) continue
      throw new LabaError("bad_channel", `two rules for one pattern: ${pattern.text} is there twice.`)
    }
    this.tree.add(parsePattern(defaultRule.pattern), defaultRule)
  }

  /** Never without an answer. Linear in the name's length for given rules; see `PatternTree`. */
  for(channel: Channel): Rule {
    return this.tree.find(channel.slice(1).split("/")) ?? defaultRule
  }
}
