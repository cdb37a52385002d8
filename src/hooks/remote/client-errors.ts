// What a backend's answer can be wrong in beyond its shape, and what of all that goes wrong a client may know.
import { LabaError } from "../../../wire/error.ts"
import { userPart } from "../../access/rules/own-channels.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Visitor } from "../hooks.ts"
import { answerFailure, BackendFailure, Refusal } from "./delivery/backend-failure.ts"
import type { Answer } from "./remote.ts"

/** Throws `BackendFailure` when what was said about a connection cannot be done. */
export function checkRegisterAnswer({ subprotocol, channels = [], user }: Answer, visitor: Visitor): void {
  if (subprotocol !== undefined && !visitor.subprotocols?.includes(subprotocol))
    throw unusableAnswer("it chooses a subprotocol that the client did not offer")
  try {
    for (const channel of channels) parseChannel(channel, "body")
    if (user !== undefined) userPart(user)
  } catch (error) {
    throw unusableAnswer((error as Error).message)
  }
}

/** An answer that is well formed and cannot be carried out. */
export const unusableAnswer = (what: string): BackendFailure =>
  answerFailure(`The backend's answer cannot be carried out: ${what}.`)

/** A channel whose hook registers connections, asked for by one that it did not let in. */
export const notRegisteredHere = (channel: string): LabaError =>
  new LabaError("forbidden", `${channel} is for connections opened at its own address.`)

/** What a client may know of it. */
export function clientErrorOf(error: unknown): unknown {
  if (error instanceof Refusal) {
    const { code, detail, retryAfterSeconds } = error
    return new LabaError(code, detail, {
      cause: error,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    })
  }
  if (!(error instanceof BackendFailure)) return error
  return new LabaError(
    "hook_failed",
    "The application did not answer as it should; its operator can see why.",
    {
      cause: error,
      retryAfterSeconds: error.retryAfterSeconds ?? 2,
    },
  )
}
