// Who may, where a configuration is silent. Pure.
import type { Action, Permissions, Who } from "../channels/channel.ts"
import { compareSpecificity, covers } from "../channels/cover.ts"
import { anyUser, parsePattern, type Pattern } from "../channels/pattern.ts"

/** What one rule says about who may; what it does not say is for wider rules and the defaults. */
export type SaidPermissions = Partial<Permissions>

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
  said: ReadonlyMap<string, SaidPermissions>,
  defaults: DefaultPermissions,
): ReadonlyMap<string, Permissions> {
  const filled = new Map<string, Permissions>()
  for (const { text, pattern, wider } of withWider(said)) {
    const usual = isAboutUsers(pattern) ? defaults.own : defaults.usual
    const who = (...actions: readonly Action[]): Who => {
      for (const permissions of wider) {
        for (const action of actions) if (permissions[action] !== undefined) return permissions[action]
      }
      return usual[actions[0] as Action]
    }
    filled.set(text, {
      listen: who("listen"),
      publish: who("publish"),
      presence: who("presence"),
      history: who("history", "listen"),
      manage: who("manage"),
    })
  }
  return filled
}

/** The patterns whose channels keep presence: those that say so, or are silent where a wider one says so. */
export function presenceKept(said: ReadonlyMap<string, boolean | Who | undefined>): ReadonlySet<string> {
  const kept = new Set<string>()
  for (const { text, wider } of withWider(said)) {
    const first = wider.find((presence) => presence !== undefined)
    if (first !== undefined && first !== false && first !== "nobody") kept.add(text)
  }
  return kept
}

/** What is said of each pattern, the pattern's own first and then by the wider ones, the most specific first. */
function withWider<Said>(said: ReadonlyMap<string, Said>) {
  const rules = [...said].map(([text, one]) => ({ text, pattern: parsePattern(text), said: one }))
  rules.sort((a, b) => compareSpecificity(a.pattern, b.pattern))
  return rules.map(({ text, pattern }) => ({
    text,
    pattern,
    wider: rules
      .filter((rule) => isAboutUsers(rule.pattern) === isAboutUsers(pattern) && covers(rule.pattern, pattern))
      .map((rule) => rule.said),
  }))
}
