// Who may call the backend API: with credentials configured, who shows a key; without, programs on this machine.
import { LabaError } from "../../../wire/error.ts"
import type { Access } from "../../access/access.ts"
import { guardLoopback } from "../../access/loopback-guard.ts"
import type { Ask } from "../ask.ts"
import type { Admit, Caller } from "./backend.ts"

/** A key whose `manage` has this pattern manages the node, not only channels. */
const everything = "/**"

const allowed: Caller = { may: () => undefined, mayManage: () => undefined }

/** The peer's own address, not what a header says. */
export function isThisMachine(ask: Ask): boolean {
  const address = ask.server.requestIP(ask.request)?.address ?? ""
  return address === "::1" || /^(?:::ffff:)?127\./.test(address)
}

/** Also where the server is open to everybody: who may listen and publish may not therefore disconnect others. */
export const admitThisMachine: Admit = (ask) => {
  guardLoopback(ask.request.headers)
  if (isThisMachine(ask)) return allowed
  throw new LabaError(
    "foreign_origin",
    "No keys are configured, so the backend API is for programs on this machine; configure a key to call from another.",
  )
}

/** Throws `unauthorized` without a credential, and `forbidden` for a user's token. */
export const admitKeys =
  (access: Access): Admit =>
  async ({ request, search }) => {
    const identity = await access.identify({ method: request.method, headers: request.headers, search })
    if (identity.kind === "anyone")
      throw new LabaError("unauthorized", "The backend API takes a key: `Authorization: Bearer laba_…`.")
    if (identity.kind === "token")
      throw new LabaError("forbidden", "The backend API takes a backend's key, not a user's token.")
    const { name, scopes } = identity
    return {
      may: (action, channel) => access.may(identity, action, channel),
      mayManage() {
        if (scopes.manage.patterns.includes(everything)) return
        throw new LabaError(
          "forbidden",
          `The key ${name} may not manage this node: that takes \`manage: ["/**"]\`.`,
        )
      },
    }
  }
