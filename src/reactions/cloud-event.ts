// Posts an event to a URL, as CloudEvents 1.0 wants it in HTTP (binary mode: the facts in headers, the payload in the
// body), signed when there is a secret. Says what an answer means for trying again.
import { retryAfterIn } from "../../wire/retry-after.ts"
import { sign, signatureHeader } from "../hooks/signature.ts"
import { NeverAgain } from "./reaction.ts"
import { webhookHeaders } from "./webhook-signature.ts"

export interface CloudEvent {
  readonly id: string
  /** CloudEvents `type`, such as `laba.message`. */
  readonly type: string
  /** CloudEvents `source`: the channel. */
  readonly source: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly contentType: string
  readonly body: string | Uint8Array
  /** Further attributes, by lower-case name. */
  readonly attributes?: Readonly<Record<string, string>>
}

export interface PostEventOptions {
  readonly url: string
  readonly secret?: string | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Answers that the same request will get again: the message is wrong for this receiver. */
const hopeless: ReadonlySet<number> = new Set([400, 410, 413, 415, 422])

/** An answer that asks to wait, with how long. */
export class RetryLater extends Error {
  override readonly name = "RetryLater"
  readonly waitMs: number

  constructor(message: string, waitMs: number) {
    super(message)
    this.waitMs = waitMs
  }
}

function headersOf({
  id,
  type,
  source,
  time,
  contentType,
  attributes = {},
}: CloudEvent): Record<string, string> {
  return {
    "content-type": contentType,
    "user-agent": "laba",
    "ce-specversion": "1.0",
    "ce-id": id,
    "ce-type": type,
    "ce-source": source,
    "ce-time": new Date(time).toISOString(),
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value])),
  }
}

/** Signed in two ways: as hooks are, for who has a backend for those, and as Standard Webhooks, for who has a library. */
function signed(
  headers: Record<string, string>,
  { id, body }: CloudEvent,
  { secret, nowMs }: { readonly secret: string | undefined; readonly nowMs: number },
): Record<string, string> {
  if (secret === undefined) return headers
  return {
    ...headers,
    [signatureHeader]: sign({ headers, body }, [secret], nowMs),
    ...webhookHeaders(secret, { id, seconds: Math.floor(nowMs / 1000), body }),
  }
}

/** Resolves when the receiver took it. Throws `NeverAgain` when it never will, `RetryLater` when it said when. */
export async function postEvent(event: CloudEvent, options: PostEventOptions): Promise<void> {
  const { url, secret, timeoutMs, signal, fetch: send = fetch, now = Date.now } = options
  const late = AbortSignal.timeout(timeoutMs)
  const answer = await send(url, {
    method: "POST",
    headers: signed(headersOf(event), event, { secret, nowMs: now() }),
    body: event.body as BodyInit,
    // A redirect would take the payload and its signature to somebody who was not named.
    redirect: "manual",
    signal: signal ? AbortSignal.any([signal, late]) : late,
  })
  if (answer.ok) return await answer.body?.cancel()
  const said = (await answer.text().catch(() => "")).trim().split("\n", 1)[0] ?? ""
  const why = `${new URL(url).host} answered ${answer.status}${said ? `: ${said.slice(0, 200)}` : ""}`
  if (hopeless.has(answer.status)) throw new NeverAgain(why)
  const waitSeconds = retryAfterIn(answer.headers, now())
  throw waitSeconds ? new RetryLater(why, waitSeconds * 1000) : new Error(why)
}
