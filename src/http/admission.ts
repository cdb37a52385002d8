// The way in of everybody who wants to listen or publish: may they, are there too many, what does the application say.
import { type Identity, userOf, withNamedUser } from "../access/access.ts"
import { isNameless } from "../access/limits/publish-rates.ts"
import { addressGroupOf } from "../access/origins/client-address.ts"
import type { Channel } from "../channels/channel.ts"
import type { Publisher } from "../engines/engine.ts"
import type { Visitor, Welcome } from "../hooks/hooks.ts"
import type { Client } from "../transports/connections/connection.ts"
import { makeClient } from "../transports/connections/client.ts"
import { PendingConnection } from "../transports/connections/pending-connection.ts"
import type { ApiContext } from "./api-context.ts"
import { type ApiRequest, peerOf } from "./api-request.ts"

/** Somebody who wants in; their channels are as `channelOf` gave them. */
interface ConnectAttempt extends Pick<Visitor, "transport" | "protocol" | "subprotocols"> {
  readonly number: number
  readonly channel: Channel | null
  readonly channels: readonly Channel[]
  /** It goes on from a cursor, or reads what is there already. */
  readonly readsHistory: boolean
}

/** Somebody who was let in. */
export interface Admitted {
  /** What the application said. */
  readonly welcome: Welcome
  readonly user: string | undefined
  readonly client: Client
  /** They cannot come after all: gives back their place, and tells the application. */
  abandon(): void
  /** Throws when they may no longer: for who waits before the connection is open. */
  confirm(): void
}

/** The application may take this long at most, in seconds: its own time-out and the wait for a place are shorter. */
const askSecondsMax = 130

const nothingSaid: Welcome = {}

/**
 * Lets a listener in. Throws why not: what `Access.may` and `AdmissionControl.connect` throw, and the application's refusal.
 * Rights are asked for first, so that nobody without them costs a place or a call; who may be made somebody by the
 * application, they are asked for after it.
 */
export async function admitConnection(
  context: ApiContext,
  request: ApiRequest,
  attempt: ConnectAttempt,
): Promise<Admitted> {
  const { application, access, admission, connections, wheel } = context
  const wanted = attempt.channel === null ? attempt.channels : [attempt.channel, ...attempt.channels]
  const checkRights = (identity: Identity): void => {
    for (const channel of wanted) {
      access.may(identity, "listen", channel)
      if (attempt.readsHistory) access.may(identity, "history", channel)
    }
  }
  const { generation } = access
  const asks = application.asksAbout(attempt)
  const mayBeNamed = asks && request.identity.kind === "anyone"
  if (!mayBeNamed) checkRights(request.identity)
  // A plain poll is a request like any other: it takes a place only once it waits (`holdPoll`).
  const holdsPlace = attempt.transport !== "poll" || attempt.protocol === "laba"
  const reservation = holdsPlace ? await admission.connect(addressOf(context, request)) : null
  let mustTell = false
  const abandon = (): void => {
    reservation?.release()
    if (mustTell) application.abandon(connections.idOf(attempt.number))
  }
  try {
    if (reservation) admission.reserveFor(userOf(request.identity), reservation)
    const welcome = asks ? await askApplication(context, request, attempt) : nothingSaid
    mustTell = asks
    const identity =
      welcome.user === undefined ? request.identity : withNamedUser(request.identity, welcome.user)
    const user = welcome.user ?? userOf(identity)
    const confirm = (): void => {
      if (mayBeNamed || access.generation !== generation) checkRights(identity)
      else access.check(identity)
    }
    // Once more: waiting for a place and for the application may take minutes.
    if (asks || holdsPlace) confirm()
    if (reservation) admission.reserveFor(user, reservation)
    const known = makeClient({ identity, addressUsage: reservation?.addressUsage ?? null, context })
    const client = reservation ? new PendingConnection({ client: known, reservation, wheel }) : known
    return { welcome, user, client, confirm, abandon }
  } catch (error) {
    abandon()
    throw error
  }
}

/** Somebody who asks once; they have a number only where the application hears of them. */
export async function admitPoll(
  context: ApiContext,
  request: ApiRequest,
  attempt: Pick<ConnectAttempt, "channel" | "channels" | "readsHistory">,
): Promise<Admitted & { readonly number: number }> {
  const number = context.application.asksOnConnect ? context.connections.reserve() : 0
  const poll = { ...attempt, number, transport: "poll", protocol: "raw" } as const
  return { ...(await admitConnection(context, request, poll)), number }
}

/** Lets a publish by HTTP pass, or throws why not. Answers whose it is. */
export function permitPublish(
  context: ApiContext,
  request: ApiRequest,
  channel: Channel,
): Publisher | undefined {
  const { access, admission } = context
  const { identity } = request
  access.may(identity, "publish", channel)
  return admission.publish(identity, channel, isNameless(identity) ? addressGroupIn(context, request) : null)
}

/** What the client's address is counted as; null when it is this machine's own. */
export function addressGroupIn(context: ApiContext, request: ApiRequest): string | null {
  const address = addressOf(context, request)
  return address === null ? null : addressGroupOf(address)
}

/** The client's address; null when it is this machine's own. */
export function addressOf({ access }: ApiContext, request: ApiRequest): string | null {
  if (access.isLocal) return null
  return access.proxies.countedAddressOf(peerOf(request), request.raw.headers)
}

async function askApplication(
  context: ApiContext,
  request: ApiRequest,
  attempt: ConnectAttempt,
): Promise<Welcome> {
  const { number, readsHistory: _, ...visitor } = attempt
  const { headers } = request.raw
  // Bun would cut a request that is silent for 10 s, and a backend may take longer.
  context.setTimeout(request.raw, askSecondsMax)
  return context.application.connect({
    ...visitor,
    connection: context.connections.idOf(number),
    user: userOf(request.identity),
    headers,
    query: request.search,
    address: context.access.proxies.clientOf(peerOf(request), headers),
  })
}
