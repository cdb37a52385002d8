// Tells the shop's own systems, signed over the time and the body, so that neither can be changed and an old call cannot
// be played again later.
import { hash } from "node:crypto"
import { signatureOf } from "../payments/signed-body.ts"
import type { OutboundTask } from "./outbound-tasks.ts"

interface WebhookOptions {
  readonly url: string
  readonly secret: string
  readonly clock: () => number
  /** Which books the events are of. */
  readonly books: string
}

const answerMsMax = 5000

/**
 * An event's id: the same in every repeat, and no other event's. Rows' numbers begin again when books are put away, restored or new, so it
 * is made of what the event says, too.
 */
const eventId = (books: string, row: number, event: string): string =>
  `event_${hash("sha256", `${books}\n${row}\n${event}`, "base64url").slice(0, 22)}`

/** Posts one event; rejects unless the shop answers with success. */
export function webhook({
  url,
  secret,
  clock,
  books,
}: WebhookOptions): (errand: OutboundTask) => Promise<void> {
  return async ({ id, body }) => {
    const text = JSON.stringify({ id: eventId(books, id, JSON.stringify(body)), ...body })
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "Flash-Sale-Signature": signatureOf(secret, clock(), text),
      },
      body: text,
      redirect: "error",
      signal: AbortSignal.timeout(answerMsMax),
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`The shop answered ${answer.status}.`)
  }
}
