// What a request to enter the queue says: by whom, with which key and buy token, for which item. Knows no sale.
import type { Entry } from "../admission/admission-queue.ts"
import type { AddressOf } from "./front/client-address.ts"
import { Problem } from "./answers.ts"
import { bodyOf, hasBody } from "./body.ts"
import { buyerOf, type LoginBook } from "./visitors.ts"

/** What tells who wants to enter, and from where. */
type EntryBook = LoginBook & { readonly addressOf: AddressOf }

/** Throws a problem, or rejects with it, for who is not logged in, for a key that is none, and for a body that is none. */
export function entryOf(book: EntryBook, request: Request): Entry | Promise<Entry> {
  const user = buyerOf(book, request)
  return user instanceof Promise
    ? user.then((known) => entryBy(book, request, known))
    : entryBy(book, request, user)
}

/** The token may be a header, and then a sale of one item needs no body. */
function entryBy({ addressOf }: EntryBook, request: Request, user: string): Entry | Promise<Entry> {
  const key = request.headers.get("idempotency-key")
  if (key === null || key.length === 0 || key.length > 255)
    throw new Problem(
      400,
      "bad_key",
      "An Idempotency-Key of 1 to 255 characters makes a retry safe; send one.",
    )
  const token = request.headers.get("buy-token")
  const head = { user, key, address: addressOf(request) }
  if (!hasBody(request)) return { ...head, item: null, token }
  return bodyOf(request).then((body) => ({
    ...head,
    item: itemIn(body["item"]),
    token: token ?? (typeof body["token"] === "string" ? body["token"] : null),
  }))
}

/** What is no text names an item that no sale has. */
const itemIn = (value: unknown): string | null =>
  typeof value === "string" ? value : value == null ? null : ""
