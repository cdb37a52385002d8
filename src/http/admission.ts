// The way in of everybody who wants to listen or publish: may they, are there too many, what does the application say.
import type { Channel } from "../channels/channel.ts"
import { withNamedUser, userOf } from "../access/access.ts"
import { addressGroupOf } from "../access/origins/client-address.ts"
import type { Publisher } from "../engines/engine.ts"
import type { Visitor, Welcome } from "../hooks/hooks.ts"
import { PendingConnection } from "../transports/connections/pending-connection.ts"
import { type Client, makeClient } from "../transports/connections/client.ts"
import type { Ask, Station } from "./api-request.ts"

/** Somebody who wants in; their channels are as `Access.channelOf` gave them. */
interface VisitorDraft extends Pick<Visitor, "transport" | "protocol" | "subprotocols"> {
  readonly number: number
  readonly channel: Channel | null
  readonly channels: readonly Channel[]
  /** It goes on from a cursor, or reads what is there already. */
  readonly readsHistory: boolean
}

/** Somebody who was let in. */
interface Entrance {
  readonly said: Welcome
  readonly user: string | undefined
  readonly guest: Client
  /** They cannot come after all: gives back their place, and tells the application. */
  abandon(): void
  /** Throws when they may no longer: for who waits before the connection is open. */
  confirm(): void
}

/** The application may take this long at most, in seconds: its own time-out and the wait for a place are shorter. */
const askSecondsMax = 130

const nothingSaid: Welcome = {}

/**
 * Lets a listener in. Throws why not: what `Access.may` and `Admissions.connect` throw, and the application's refusal.
 * Rights are asked for first, so that nobody without them costs a place or a call; who may be made somebody by the
 * application, they are asked for after it.
 */
export async function enter(station: Station, ask: Ask, draft: VisitorDraft): Promise<Entrance> {
  const { application, access, admission, shared } = station
  const wanted = draft.channel === null ? draft.channels : [draft.channel, ...draft.channels]
  const checkRights = (identity: Ask["identity"]): void => {
    for (const channel of wanted) {
      access.may(identity, "listen", channel)
      if (draft.readsHistory) access.may(identity, "history", channel)
    }
  }
  const { generation } = access
  const asks = application.asksAbout(draft)
  const mayBeNamed = asks && ask.identity.kind === "anyone"
  if (!mayBeNamed) checkRights(ask.identity)
  // A plain poll is a request like any other: it takes a place only once it waits (`hold` in poll.ts).
  const holdsPlace = draft.transport !== "poll" || draft.protocol === "laba"
  const reservation = holdsPlace ? await admission.connect(addressOf(station, ask)) : null
  let mustTell = false
  const abandon = (): void => {
    reservation?.release()
    if (mustTell) application.abandon(shared.connections.idOf(draft.number))
  }
  try {
    if (reservation) admission.reserveFor(userOf(ask.identity), reservation)
    const said = asks ? await askApplication(station, ask, draft) : nothingSaid
    mustTell = asks
    const identity = said.user === undefined ? ask.identity : withNamedUser(ask.identity, said.user)
    const user = said.user ?? userOf(identity)
    const confirm = (): void => {
      if (mayBeNamed || access.generation !== generation) checkRights(identity)
      else access.check(identity)
    }
    // Once more: waiting for a place and for the application may take minutes.
    if (asks || holdsPlace) confirm()
    if (reservation) admission.reserveFor(user, reservation)
    const known = makeClient({ identity, addressUsage: reservation?.addressUsage ?? null, context: shared })
    const client = reservation
      ? new PendingConnection({ client: known, reservation, wheel: shared.wheel })
      : known
    return { said, user, guest: client, confirm, abandon }
  } catch (error) {
    abandon()
    throw error
  }
}

/** Somebody who asks once; they have a number only where the application hears of them. */
export async function enterOnce(
  station: Station,
  ask: Ask,
  draft: Pick<VisitorDraft, "channel" | "channels" | "readsHistory">,
): Promise<Entrance & { readonly number: number }> {
  const number = station.application.asksOnConnect ? station.shared.connections.reserve() : 0
  return {
    ...(await enter(station, ask, { ...draft, number, transport: "poll", protocol: "raw" })),
    number,
  }
}

/** Lets a publish by HTTP pass, or throws why not. Answers whose it is. */
export function permitPublish(station: Station, ask: Ask, channel: Channel): Publisher | undefined {
  const { access, admission } = station
  const { identity } = ask
  access.may(identity, "publish", channel)
  return admission.publish(
    identity,
    channel,
    admission.countsAddressOf(identity) ? neighbourhoodIn(station, ask) : null,
  )
}

/** What the client's address is counted as; null when it is this machine's own. */
export function neighbourhoodIn(station: Station, ask: Ask): string | null {
  const address = addressOf(station, ask)
  return address === null ? null : addressGroupOf(address)
}

/** The client's address; null when it is this machine's own. */
export function addressOf(station: Station, ask: Ask): string | null {
  if (station.access.isLocal) return null
  return station.access.proxies.countedAddressOf(peerOf(ask), ask.request.headers)
}

const peerOf = ({ server, request }: Ask): string => server.requestIP(request)?.address ?? ""

async function askApplication(station: Station, ask: Ask, draft: VisitorDraft): Promise<Welcome> {
  const { number, readsHistory: _, ...visitor } = draft
  // Bun would cut a request that is silent for 10 s, and a backend may take longer.
  station.shared.setTimeout(ask.request, askSecondsMax)
  return station.application.connect({
    ...visitor,
    connection: station.shared.connections.idOf(number),
    user: userOf(ask.identity),
    headers: ask.request.headers,
    query: ask.search,
    address: station.access.proxies.clientOf(peerOf(ask), ask.request.headers),
  })
}
