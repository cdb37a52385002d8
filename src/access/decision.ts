// May somebody do something with a channel? The answer with its reason, in words. Pure.
import type { Code } from "../../wire/codes.ts"
import type { LabaError } from "../../wire/error.ts"
import type { Action, Channel, Who } from "../channels/channel.ts"
import type { Decision, Identity } from "./access.ts"

export interface Case {
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

export function decide(identity: Identity, asked: Case): Decision {
  const { action, channel, who, pattern, isOwner, objection } = asked
  const subject = `${doing[action]} ${channel}`
  const rule = `the rule ${pattern} says \`${who}\``
  const allow = (why: string): Decision => ({ allowed: true, detail: `${subject} is allowed: ${why}.`, who })
  const refuse = (code: Code, why: string): Decision => ({
    allowed: false,
    code,
    detail: `${subject} is refused: ${why}.`,
    who,
  })
  if (objection)
    return { allowed: false, code: objection.code, detail: `${subject} is refused. ${objection.detail}`, who }
  if (who === "nobody") return refuse("forbidden", rule)
  if (identity.kind === "anyone")
    return who === "anyone" ? allow(rule) : refuse("unauthorized", `${rule}, and no credential was shown`)
  if (identity.kind === "key") {
    if (who === "anyone") return allow(rule)
    const scope = identity.scopes[scopeFor[action]]
    return scope.has(channel)
      ? allow(`the scope \`${scopeFor[action]}\` of the key ${identity.name} has it`)
      : refuse("forbidden", `the scope \`${scopeFor[action]}\` of the key ${identity.name} does not have it`)
  }
  if (who === "key") return refuse("forbidden", `${rule}, and a token is none`)
  if (who === "owner" && !isOwner)
    return refuse("forbidden", `${rule}, and the owner is ${ownerText(channel, identity.user)}`)
  if (who === "anyone") return allow(rule)
  if (identity.scopes === null)
    return allow(`${rule}, ${who === "owner" ? "and the token's user is" : "and the token is one"}`)
  const name = scopeFor[action]
  const scope = name === "manage" ? null : identity.scopes[name]
  return scope?.has(channel)
    ? allow(`${rule}, and the token's \`channels\` has it under \`${name}\``)
    : refuse("forbidden", `${rule}, but the token's \`channels\` does not have it under \`${name}\``)
}

function ownerText(channel: Channel, user: string | undefined): string {
  if (!channel.startsWith("/@")) return "nobody, since this is no user's own channel"
  return user === undefined ? "a user, and the token names none" : "another user"
}
