// POST /c: publish.
import { createHash } from "node:crypto"
import { printCursor } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Idempotency } from "../../engines/engine.ts"
import { type Sender, senderOf } from "../../hooks/remote/delivery/fair-queue.ts"
import type { Payload } from "../../hub/drafts.ts"
import type { Published } from "../../hub/hub.ts"
import { type Identity, userOf } from "../../access/access.ts"
import { checkIdempotencyKey } from "../../protocols/idempotency-key.ts"
import type { Ask, Station } from "../api-request.ts"
import { neighbourhoodIn, permitPublish } from "../admission.ts"
import { readPublishBody } from "../body/publish-body.ts"

const created = { status: 201, headers: answerHeaders() }
const repeated = { status: 200, headers: answerHeaders() }

export async function publish(station: Station, ask: Ask): Promise<Response> {
  const channel = station.access.channelOf(ask.identity, ask.path, "path")
  const { generation } = station.access
  const publisher = permitPublish(station, ask, channel)
  const { headers } = ask.request
  const key = headers.get("idempotency-key")
  const idempotencyKey = key === null ? undefined : checkIdempotencyKey(key)
  const payload = await readPublishBody(ask.request, station.shared.limits)
  if (ask.identity.kind !== "key") {
    const user = userOf(ask.identity)
    const sender = (): Sender => senderOf(user, neighbourhoodIn(station, ask))
    if (!(await station.application.letsPublish(channel, payload, { user, sender })))
      return new Response(null, { status: 202 })
  }
  // The body and the application may have taken their time, and what was shown be good no longer.
  if (station.access.generation !== generation) station.access.may(ask.identity, "publish", channel)
  else station.access.check(ask.identity)
  const published = station.shared.hub.publish(
    station.drafts.make({
      channel,
      payload,
      idempotency: idempotencyOf(idempotencyKey, payload, keyScopeOf(ask.identity)),
      publisher,
    }),
  )
  return published instanceof Promise ? answer(channel, await published) : answer(channel, published)
}

/** What is put before a key, so that nobody can use up the keys of somebody else. */
type KeyScope = string

/** Of all backends together: one retries under the key of another. */
const backends: KeyScope = ""

/** A user has keys of their own; all who are nobody share theirs, since an address may change between two tries. */
export function keyScopeOf(identity: Identity): KeyScope {
  if (identity.kind === "key") return backends
  const user = userOf(identity)
  return user === undefined ? "? " : `${createHash("sha256").update(user).digest("base64url").slice(0, 22)} `
}

/** The key with a digest of what it stands for; `undefined` without a key. */
export function idempotencyOf(
  key: string | undefined,
  payload: Payload,
  scope: KeyScope = backends,
): Idempotency | undefined {
  if (key === undefined) return undefined
  const digest = createHash("sha256")
    .update(payload.type)
    .update("\n")
    .update(payload.data)
    .digest("base64url")
  return { key: scope + key, digest }
}

/** What a publish answers, on every road: HTTP, library and backend API. */
export interface PublishAnswer {
  readonly channel: string
  readonly cursor: string
  readonly id: string
  readonly duplicate: boolean
  readonly listeners: number
  readonly history: "kept" | "none"
}

export function answerOf(channel: Channel, published: Published): PublishAnswer {
  const { position, id, duplicate, listeners, history } = published
  return { channel, cursor: printCursor(channel, position), id, duplicate, listeners, history }
}

function answer(channel: Channel, published: Published): Response {
  return new Response(JSON.stringify(answerOf(channel, published)), published.duplicate ? repeated : created)
}

/** `Headers` and no plain object: a response copies them in half of the time that it takes to read one. */
function answerHeaders(): Headers {
  return new Headers({ "Content-Type": "application/json; charset=utf-8" })
}
