// May somebody do something with a channel? The answer with its reason, in words. Pure.
import type { Code } from "../../../wire/codes.ts"
import type { LabaError } from "../../../wire/error.ts"
import type { Action, Channel, Who } from "../../channels/channel.ts"
import type { Decision, Identity } from "../access.ts"

interface PermissionQuestion {
  readonly action: Action
  readonly channel: Channel
  readonly who: Who
  /** The pattern of the rule that says so. */
  readonly pattern: string
  /** The channel is the user's own. */
  readonly isOwner: boolean
  /** Why what was shown is good no longer, if it is. */
  readonly objection: LabaError | null
}

const doing: Record<Action, string> = {
  listen: "Listening to",
  publish: "Publishing to",
  presence: "Seeing who listens to",
  history: "Reading the history of",
  manage: "Deleting",
}

/** Which claim or scope speaks of an action: who may hear a channel may as well read what it missed of it. */
const scopeFor: Record<Action, "listen" | "publish" | "manage"> = {
  listen: "listen",
  publish: "publish",
  presence: "listen",
  history: "listen",
  manage: "manage",
}

export function decide(identity: Identity, asked: PermissionQuestion): Decision {
  const { action, channel, who, pattern, isOwner, objection } = asked
  const subject = (): string => `${doing[action]} ${channel}`
  const rule = (): string => `the rule ${pattern} says \`${who}\``
  const allow = (why: () => string): Decision =>
    new Worded({ allowed: true, who, words: () => `${subject()} is allowed: ${why()}.` })
  const refuse = (code: Code, why: () => string): Decision =>
    new Worded({ allowed: false, code, who, words: () => `${subject()} is refused: ${why()}.` })
  if (objection) {
    const words = (): string => `${subject()} is refused. ${objection.detail}`
    return new Worded({ allowed: false, code: objection.code, who, words })
  }
  if (who === "nobody") return refuse("forbidden", rule)
  if (identity.kind === "anyone")
    return who === "anyone"
      ? allow(rule)
      : refuse("unauthorized", () => `${rule()}, and no credential was shown`)
  const name = scopeFor[action]
  if (identity.kind === "key") {
    if (who === "anyone") return allow(rule)
    return identity.scopes[name].has(channel)
      ? allow(() => `the scope \`${name}\` of the key ${identity.name} has it`)
      : refuse("forbidden", () => `the scope \`${name}\` of the key ${identity.name} does not have it`)
  }
  if (who === "key") return refuse("forbidden", () => `${rule()}, and a token is none`)
  if (who === "owner" && !isOwner)
    return refuse("forbidden", () => `${rule()}, and the owner is ${ownerText(channel, identity.user)}`)
  if (who === "anyone") return allow(rule)
  if (identity.scopes === null)
    return allow(() => `${rule()}, ${who === "owner" ? "and the token's user is" : "and the token is one"}`)
  const scope = name === "manage" ? null : identity.scopes[name]
  return scope?.has(channel)
    ? allow(() => `${rule()}, and the token's \`channels\` has it under \`${name}\``)
    : refuse("forbidden", () => `${rule()}, but the token's \`channels\` does not have it under \`${name}\``)
}

interface WordedOptions {
  readonly allowed: boolean
  readonly code?: Code
  readonly who: Who
  readonly words: () => string
}

/** A decision whose words are made when somebody reads them: most are asked for at a publish, and say yes. */
class Worded implements Decision {
  readonly allowed: boolean
  readonly code?: Code
  readonly who: Who
  private readonly words: () => string

  constructor({ allowed, code, who, words }: WordedOptions) {
    this.allowed = allowed
    if (code !== undefined) this.code = code
    this.who = who
    this.words = words
  }

  get detail(): string {
    return this.words()
  }
}

function ownerText(channel: Channel, user: string | undefined): string {
  if (!channel.startsWith("/@")) return "nobody, since this is no user's own channel"
  return user === undefined ? "a user, and the token names none" : "another user"
}
