// What a request to enter the queue says: by whom, with which key and buy token, for which item. Knows no sale.
import type { Entry, EntryHead } from "../intake/desk.ts"
import type { AddressOf } from "./address.ts"
import { Problem } from "./answers.ts"
import { bodyOf, hasBody } from "./body.ts"
import { buyerOf, type LoginBook } from "./visitors.ts"

/** What tells who wants to enter, and from where. */
type EntryBook = LoginBook & { readonly addressOf: AddressOf }

/** Everything that a request to enter says. Throws a problem, or rejects with it. */
export function entryOf(book: EntryBook, request: Request): Entry | Promise<Entry> {
  const user = buyerOf(book, request)
  if (user instanceof Promise)
    return user.then((name) => entryWishOf(request, entryHeadOf(book, request, name)))
  return entryWishOf(request, entryHeadOf(book, request, user))
}

/** Throws a problem for a key that is none. */
export function entryHeadOf({ addressOf }: EntryBook, request: Request, user: string): EntryHead {
  const key = request.headers.get("idempotency-key")
  if (key === null || key.length === 0 || key.length > 255)
    throw new Problem(
      400,
      "bad_key",
      "An Idempotency-Key of 1 to 255 characters makes a retry safe; send one.",
    )
  return { user, key, address: addressOf(request) }
}

/** What is no text names an item that no sale has. */
const itemIn = (value: unknown): string | null =>
  typeof value === "string" ? value : value == null ? null : ""

/** The whole of it. The token may be a header, and then a sale of one item needs no body. Throws a problem, or rejects with it. */
export function entryWishOf(request: Request, head: EntryHead): Entry | Promise<Entry> {
  const token = request.headers.get("buy-token")
  if (!hasBody(request)) return { ...head, item: null, token }
  return bodyOf(request).then((body) => ({
    ...head,
    item: itemIn(body["item"]),
    token: token ?? (typeof body["token"] === "string" ? body["token"] : null),
  }))
}
