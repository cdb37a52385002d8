// What an order is called at the payment provider: its id, and a mark of these books and of this very order. Ids alone begin
// again in books that are new, or restored from before the order; the provider remembers, and a stranger's old payment would buy.
import { hash } from "node:crypto"

/** What of an order it is made of. */
interface Referred {
  readonly ticket: { readonly number: number; readonly user: string }
  readonly createdAt: number
}

/** `<sale>.<number>.<books><own>`. Made of what never changes, so it is written nowhere. */
export function referenceOf(books: string, sale: string, { ticket, createdAt }: Referred): string {
  const { number, user } = ticket
  const own = hash("sha256", `${books}\n${sale}\n${number}\n${user}\n${createdAt}`, "hex").slice(0, ownChars)
  return `${sale}.${number}.${books}${own}`
}

const ownChars = 8

interface Reference {
  readonly sale: string
  /** 0 stands for what is no number: there is no such order. */
  readonly number: number
  /** Whose books it is of. */
  readonly books: string
}

/** What a reference says. That the books have just this order, only comparing tells. */
export function readReference(reference: string): Reference {
  const [sale = "", digits = "", mark = ""] = reference.split(".")
  return {
    sale,
    number: /^[1-9]\d{0,14}$/.test(digits) ? Number(digits) : 0,
    books: mark.slice(0, -ownChars),
  }
}
