// The Idempotency-Key that a ticket was entered with. Once the ticket has a row of its own the key is only there: a million
// of them are a quarter of what the garbage collector has to go through. Here its hash tells other keys from it.
import type { Ledger } from "../../ledger/ledger.ts"
import type { Ticket } from "./memory.ts"
import { saltedHash } from "./salted-hash.ts"

export const keyHashOf = saltedHash()

/** Whether a ticket of a sale was entered with this key. Reads the books only when it probably was. */
export function enteredWith(ledger: Ledger, sale: number, ticket: Ticket, key: string): boolean {
  if (ticket.keyHash !== keyHashOf(key)) return false
  const written = ticket.key ?? writtenKey(ledger, sale, ticket.number)
  return written === key
}

function writtenKey(ledger: Ledger, sale: number, number: number): string | undefined {
  const sql = "SELECT key FROM tickets WHERE sale = ? AND number = ?"
  return ledger.one<{ key: string }>(sql, sale, number)?.key
}
