// Holds a poll that has nothing to answer yet: who may wait, for how long, and whose place it takes.
import type { Identity } from "../access/access.ts"
import type { HeldPoll, HeldPollOptions } from "../transports/poll/held-poll.ts"
import type { PollConnection } from "../transports/poll/poll-connection.ts"
import { addressOf } from "./admission.ts"
import type { ApiContext } from "./api-context.ts"
import type { ApiRequest } from "./api-request.ts"

/** Seconds that Bun waits beyond the hold, before it takes a held poll for dead. */
const holdGraceSeconds = 5

const secondsLeft = (identity: Identity): number =>
  identity.kind === "token"
    ? Math.max(0, (identity.expiresAtMs - Date.now()) / 1000)
    : Number.POSITIVE_INFINITY

/** Holds a poll that has nothing to answer. Throws why it may not wait. */
export function holdPoll(
  context: ApiContext,
  request: ApiRequest,
  { wishedSeconds, connection }: { wishedSeconds: number; connection: PollConnection },
  make: (options: HeldPollOptions) => HeldPoll,
): Promise<Response> {
  const { access, admission, heldPolls } = context
  const { identity } = connection.client
  // Reading took its time, and whoever waits must be somebody who is told when they may no longer.
  for (const channel of connection.channels) access.may(identity, "listen", channel)
  heldPolls.admit()
  // Who is listed as a connection for as long as this is answered is counted as one.
  const isListed = connection.number !== 0
  admission.checkUser(connection.user, isListed ? 1 : 0)
  const owner = {
    addressUsage: admission.hold(addressOf(context, request)),
    user: isListed ? undefined : connection.user,
    connection,
  }
  // What comes after a token's end is not for its bearer.
  const waitSeconds = Math.min(wishedSeconds, secondsLeft(identity))
  context.setTimeout(request.raw, Math.ceil(waitSeconds) + holdGraceSeconds)
  const held = make({ context, heldPolls, owner, waitSeconds, signal: request.raw.signal })
  connection.waitsWith(held)
  return held.answered()
}
