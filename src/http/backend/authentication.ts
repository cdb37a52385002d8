// Who may call the backend API: with credentials configured, who shows a key; without, programs on this machine, or where
// anybody may come, who was told the key of this run.
import { LabaError } from "../../../wire/error.ts"
import type { AccessControl } from "../../access/access-control.ts"
import { digestOf, Keys } from "../../access/credentials/keys.ts"
import { isThisMachine } from "../../access/origins/client-address.ts"
import { guardLoopback } from "../../access/origins/loopback-guard.ts"
import { type ApiRequest, peerOf } from "../api-request.ts"
import type { Authenticate, Caller } from "./backend.ts"

/** A key whose `manage` has this pattern manages the node, not only channels. */
const everything = "/**"

const allowed: Caller = { may: () => undefined, mayManage: () => undefined }

/** By the peer's own address, not by what a header says. */
export const isLocal = (request: ApiRequest): boolean => isThisMachine(peerOf(request))

/** Where everybody else is refused, so that what looks like a program here is one, or a proxy that says nothing of itself. */
export const authenticateLocal: Authenticate = (request) => {
  guardLoopback(request.raw)
  if (isLocal(request)) return allowed
  throw new LabaError(
    "foreign_origin",
    "No keys are configured, so the backend API is for programs on this machine; configure a key to call from another.",
  )
}

/**
 * Where anybody may come and no key is configured. A program here cannot be told from a proxy here that passes on the whole
 * world, so being on this machine opens nothing.
 */
export function authenticateByRunKey(runKey: string): Authenticate {
  const all = ["/**"]
  const keys = new Keys([{ name: "run", sha256: digestOf(runKey), publish: all, listen: all, manage: all }])
  return ({ raw }) => {
    const shown = /^bearer +(\S+) *$/i.exec(raw.headers.get("authorization") ?? "")?.[1]
    if (shown === undefined)
      throw new LabaError(
        "unauthorized",
        "This server is open to everybody; its backend API takes the key that was printed when it started, or a configured one.",
      )
    keys.identify(shown)
    return allowed
  }
}

/** Throws `unauthorized` without a credential, and `forbidden` for a user's token. */
export const authenticateByKeys =
  (access: AccessControl): Authenticate =>
  async ({ raw: { method, headers }, search }) => {
    const identity = await access.identify({ method, headers, search })
    if (identity.kind === "anyone")
      throw new LabaError("unauthorized", "The backend API takes a key: `Authorization: Bearer laba_…`.")
    if (identity.kind === "token")
      throw new LabaError("forbidden", "The backend API takes a backend's key, not a user's token.")
    const { name } = identity
    return {
      may: (action, channel) => access.may(identity, action, channel),
      mayManage() {
        if (access.scopesOf(identity).manage.patterns.includes(everything)) return
        throw new LabaError(
          "forbidden",
          `The key ${name} may not manage this node: that takes \`manage: ["/**"]\`.`,
        )
      },
    }
  }
