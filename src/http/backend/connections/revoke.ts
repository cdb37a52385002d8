// POST /_/api/revoke: a token, or all tokens of a user, are good no longer.
import { z } from "zod"
import { LabaError } from "../../../../wire/error.ts"
import type { Route } from "../backend.ts"
import { jsonErrors, readJson } from "../requests/json-body.ts"

const body = z.union(
  [
    z.strictObject({
      token: z.string().min(1).max(1024).describe("The token's `jti`."),
      expires: z.int().min(0).describe("Its `exp`, in seconds since 1970: until then it is remembered."),
    }),
    z.strictObject({
      user: z
        .string()
        .min(1)
        .max(1024)
        .describe(
          "Every token of this user that was issued up to now, by the clock of an issuer that may be ahead by `tokens.leeway`.",
        ),
    }),
  ],
  { error: "must hold either `token` and `expires`, or `user`" },
)

export const revoke: Route = {
  method: "POST",
  path: "/_/api/revoke",
  operationId: "revoke",
  summary: "Revoke a token, or all tokens of a user",
  description:
    "Who is connected or waits with a poll by one is sent away within a second, from every node. With Redis it is remembered until those tokens have ended; without, a restart forgets it. What must stay out is also not given a new token.",
  body,
  answers: { 204: { description: "From now on it is not accepted.", schema: null } },
  errors: [...jsonErrors, "not_found"],
  async handle(context, call) {
    call.caller.mayManage()
    // By the configuration as it is when the call comes.
    const { hasTokens } = context.access
    const given = await readJson(call.request.raw, body)
    // Once more: the body may have taken its time.
    call.caller.mayManage()
    if (!hasTokens)
      throw new LabaError("not_found", "No tokens are configured here, so there is nothing to revoke.")
    const { nodes, revocations } = context
    if ("user" in given) {
      const atMs = Date.now()
      revocations.revokeUser(given.user, atMs)
      await nodes.revoke({ user: given.user, atMs })
    } else {
      revocations.revokeToken(given.token, given.expires)
      await nodes.revoke({ token: given.token, expiresAtSeconds: given.expires })
    }
    return new Response(null, { status: 204 })
  },
}
