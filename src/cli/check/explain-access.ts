// `laba check --as`: what somebody may do with a channel, and why, in words.
import { type Access, anyone, type Identity } from "../../access/access.ts"
import { AccessControl } from "../../access/access-control.ts"
import { isKey } from "../../access/credentials/keys.ts"
import { readChannel } from "../../access/rules/own-channels.ts"
import { Revocations } from "../../access/credentials/revocations.ts"
import type { Config } from "../../config/config.ts"
import type { Action } from "../../channels/channel.ts"
import { CommandError } from "../command.ts"

const actions: readonly Action[] = ["listen", "history", "publish", "presence", "manage"]

interface Question {
  readonly config: Config
  /** A token or key, a file that holds one, or `anyone`. */
  readonly as: string
  readonly channel: string
}

/** A line for who it is and one for each action. Throws `CommandError` for a credential that is not accepted. */
export async function explainAccess({ config, as, channel: name }: Question): Promise<readonly string[]> {
  const access = new AccessControl({ config, revocations: new Revocations() })
  try {
    const identity = as === "anyone" ? anyone : await identify(access, await credentialFrom(as))
    const channel = readChannel(identity, name, "body")
    const width = Math.max(...actions.map((action) => action.length)) + 3
    return [
      `${describe(identity)}, at ${channel}:`,
      "",
      ...actions.map((action) => {
        const { allowed, detail } = access.decide(identity, action, channel)
        return `${allowed ? "yes" : "no "}  ${action.padEnd(width)}${detail}`
      }),
    ]
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError((error as Error).message, { cause: error })
  }
}

function identify(access: Access, credential: string): Identity | Promise<Identity> {
  const headers = new Headers({ Authorization: `Bearer ${credential}` })
  return access.identify({ method: "GET", headers, search: "" })
}

async function credentialFrom(as: string): Promise<string> {
  // JSON in base64 begins so.
  if (isKey(as) || /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/.test(as)) return as
  const file = Bun.file(as)
  if (!(await file.exists()))
    throw new CommandError(`there is no file ${as}, and it is no token or key either`)
  return (await file.text()).trim()
}

function describe(identity: Identity): string {
  if (identity.kind === "anyone") return "Anyone, without a credential"
  if (identity.kind === "key") return `The key ${identity.name}`
  const whose =
    identity.user === undefined
      ? "A token of no user"
      : `A token of the user ${JSON.stringify(identity.user)}`
  const left = Math.max(0, Math.round((identity.expiresAtMs - Date.now()) / 1000))
  return `${whose}, good for ${left} seconds more`
}
