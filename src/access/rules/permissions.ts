// Who may, where a configuration is silent. Pure.
import type { Action, Permissions, Who } from "../../channels/channel.ts"
import { anyUser, parsePattern, type Pattern } from "../../channels/pattern.ts"
import { PatternTree } from "../../channels/pattern-tree.ts"

/** What one rule says about who may; what it does not say is for wider rules and the defaults. */
export type StatedPermissions = Partial<Permissions>

const open: Permissions = {
  listen: "anyone",
  publish: "anyone",
  presence: "anyone",
  history: "anyone",
  manage: "anyone",
}

/** With credentials configured: listening needs one, everything else belongs to backends. */
const closed: Permissions = {
  listen: "token",
  publish: "key",
  presence: "key",
  history: "token",
  manage: "key",
}

/** A user's own channels: the user hears, backends speak. */
const own: Permissions = { ...closed, listen: "owner", presence: "owner", history: "owner" }

export interface DefaultPermissions {
  /** Of every channel. */
  readonly usual: Permissions
  /** Of `/@<user>/…`. */
  readonly own: Permissions
}

/** Without keys and tokens there is nothing to tell people apart by: then everybody who gets in may do everything. */
export const defaultPermissions = (hasCredentials: boolean): DefaultPermissions =>
  hasCredentials ? { usual: closed, own } : { usual: open, own: open }

/** Whether a pattern is about users' own channels: then only such rules and `own` fill what it leaves out. */
export const isAboutUsers = ({ parts: [first] }: Pattern): boolean =>
  first !== undefined && (first === anyUser || first.startsWith("@"))

/**
 * Fills in what rules leave out. A rule that is silent about an action goes by the most specific wider rule that is not,
 * then by the default: so `"/a/b": { history: none }` does not open what `"/a/**": { listen: key }` closed. Who may read
 * history is who may listen, unless said.
 */
export function fillPermissions(
  said: ReadonlyMap<string, StatedPermissions>,
  defaults: DefaultPermissions,
): ReadonlyMap<string, Permissions> {
  const rules = Array.from(said, ([text, permissions]) => ({
    text,
    pattern: parsePattern(text),
    permissions,
  }))
  const whoFor = (...actions: readonly Action[]): ((pattern: Pattern) => Who) => {
    const sayers = new StatedValues<Who>()
    for (const { pattern, permissions } of rules) {
      const who = actions.map((action) => permissions[action]).find((one) => one !== undefined)
      if (who !== undefined) sayers.add(pattern, who)
    }
    const usual = actions[0] as Action
    return (pattern) => sayers.for(pattern) ?? (isAboutUsers(pattern) ? defaults.own : defaults.usual)[usual]
  }
  const listen = whoFor("listen")
  const publish = whoFor("publish")
  const presence = whoFor("presence")
  const history = whoFor("history", "listen")
  const manage = whoFor("manage")
  return new Map(
    rules.map(({ text, pattern }) => [
      text,
      {
        listen: listen(pattern),
        publish: publish(pattern),
        presence: presence(pattern),
        history: history(pattern),
        manage: manage(pattern),
      },
    ]),
  )
}

/** The patterns whose channels keep presence: those that say so, or are silent where a wider one says so. */
export function presenceKept(said: ReadonlyMap<string, boolean | Who | undefined>): ReadonlySet<string> {
  const rules = Array.from(said, ([text, presence]) => ({ text, pattern: parsePattern(text), presence }))
  const sayers = new StatedValues<boolean>()
  for (const { pattern, presence } of rules)
    if (presence !== undefined) sayers.add(pattern, presence !== false && presence !== "nobody")
  return new Set(rules.filter(({ pattern }) => sayers.for(pattern) === true).map(({ text }) => text))
}

/**
 * What rules say about one thing, those alone that say it: so who is silent is found an answer by a walk down the patterns, and
 * not by a look at every other rule.
 */
class StatedValues<Said> {
  private readonly aboutUsers = new PatternTree<Said>()
  private readonly others = new PatternTree<Said>()

  add(pattern: Pattern, said: Said): void {
    this.treeFor(pattern).add(pattern, said)
  }

  /** What the pattern says itself, else the most specific wider one. */
  for(pattern: Pattern): Said | undefined {
    return this.treeFor(pattern).covering(pattern)
  }

  private treeFor(pattern: Pattern): PatternTree<Said> {
    return isAboutUsers(pattern) ? this.aboutUsers : this.others
  }
}
