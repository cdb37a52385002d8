// What a client sends over its connection: the application is asked, then it takes the road of every publish.
import { typeOfData } from "../../../wire/content-type.ts"
import { publisherOf } from "../../access/limits/publish-rates.ts"
import type { ApiContext } from "../../http/api-context.ts"
import { idempotencyOf, keyScopeOf } from "../../http/idempotency.ts"
import type { MaybePromise, Payload } from "../../engines/engine.ts"
import { senderOf } from "../../hooks/remote/delivery/fair-queue.ts"
import { checkSize } from "../../hub/drafts.ts"
import type { Connection } from "../../transports/connections/connection.ts"
import type { ClientPublish, ClientPublished, TransportContext } from "../../transports/transport-context.ts"
import type { InFlight } from "../../http/in-flight.ts"
import { payloadFromData } from "./publish-data.ts"

type PublishContext = Pick<
  ApiContext,
  "hub" | "drafts" | "application" | "connections" | "limits" | "access" | "admission"
> & { readonly inFlight: InFlight }

export function makeClientPublish(
  context: PublishContext,
): Pick<TransportContext, "publishFor" | "admitPublish"> {
  const { hub, drafts, application, connections, limits, access, admission, inFlight } = context

  const count = ({ client }: Connection, { channel }: ClientPublish): void =>
    void admission.publish(client.identity, channel, client.addressGroup)

  const publish = (
    { client }: Connection,
    { channel, key }: ClientPublish,
    payload: Payload,
  ): MaybePromise<ClientPublished> => {
    const publisher = publisherOf(client.identity, client.addressGroup)
    const idempotency =
      key === undefined ? undefined : idempotencyOf(key, payload, keyScopeOf(client.identity))
    return hub.publish(drafts.make({ channel, payload, idempotency, publisher }))
  }

  const publishAfterAsking = async (
    connection: Connection,
    request: ClientPublish,
    payload: Payload,
  ): Promise<ClientPublished> => {
    inFlight.begin()
    try {
      return await publishAsSaid(connection, request, payload)
    } finally {
      inFlight.end()
    }
  }

  const publishAsSaid = async (
    connection: Connection,
    request: ClientPublish,
    payload: Payload,
  ): Promise<ClientPublished> => {
    const { type, data } = payload
    const { user, transport, client } = connection
    const verdict = await application.message(
      {
        connection: connections.idOf(connection.number),
        user,
        transport,
        channel: request.channel,
        type,
        data,
      },
      senderOf(user, client.addressGroup),
    )
    if (verdict.reply !== undefined) {
      const type = typeOfData(verdict.reply)
      if (request.reply) request.reply(type, verdict.reply)
      else connection.direct(type, verdict.reply)
    }
    if (verdict.publish === false) return null
    const objection = access.whyNoLongerValid(connection.client.identity)
    if (objection) throw objection
    // The application may let a client say what the rules would not; that it said nothing is no permission.
    if (verdict.publish === undefined) access.may(connection.client.identity, "publish", request.channel)
    return publish(connection, request, verdict.data === undefined ? payload : rewritten(verdict.data, type))
  }

  /** What the application puts in a message's place keeps the message's type where it can. */
  const rewritten = (data: string | Uint8Array, type: string): Payload => {
    const payload = typeof data === "string" ? payloadFromData(data, type) : payloadFromData(data)
    checkSize(payload, limits)
    return payload
  }

  const admitPublish: TransportContext["admitPublish"] = (connection, request) => {
    const { channel } = request
    // Also where the application takes the message, or puts another in its place.
    if (application.asksOnMessage) access.checkName(channel)
    const isAsked = application.asksOnMessage && application.asksAboutMessage(channel)
    if (!isAsked) access.may(connection.client.identity, "publish", channel)
    count(connection, request)
    const payload = request.payload()
    checkSize(payload, limits)
    return () => (isAsked ? publishAfterAsking : publish)(connection, request, payload)
  }

  return {
    admitPublish,
    publishFor: (connection, request) => admitPublish(connection, request)(),
  }
}
