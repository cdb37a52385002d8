// Whose channels a check reads: all, or so many as it may, going on where the last one ended, so that everybody's turn
// comes. Who can still act is asked after in a walk of their own, and goes round sooner. Knows the books, and no channel.
import type { Database } from "bun:sqlite"
import type { IntakeEntry } from "../book/replay.ts"
import { type Holder, nameOf } from "./booked-tickets.ts"

/** A ticket that a walk has come to: the sale's key and a number. */
type Place = readonly [sale: number, number: number]

/** Where the two walks are. */
interface Walk {
  readonly acting: Place
  readonly ended: Place
}

interface Round {
  readonly holders: readonly Holder[]
  /** Where the next check goes on. */
  readonly next: string
}

interface Met extends Holder {
  readonly place: Place
}

/** Of each check this part is for those whose ticket has ended: they could wait, but not for ever. */
const endedShare = 0.2

const start: Place = [0, 0]

/** Up to `max` holders, from where an earlier check has ended; null is the beginning. Throws for what is no such place. */
export function nextRound(database: Database, max: number, after: string | null): Round {
  const walk = after === null ? { acting: start, ended: start } : walkIn(after)
  const acting = (from: Place, count: number): Met[] => actingAfter(database, from, count)
  const ended = (from: Place, count: number): Met[] => endedAfter(database, from, count)
  if (!Number.isFinite(max))
    return { holders: distinct([...acting(start, max), ...ended(start, max)]), next: textOf(walk) }
  const share = max - Math.floor(max * endedShare)
  const inTime = goOn(acting, walk.acting, share)
  const late = goOn(ended, walk.ended, max - inTime.length)
  // What those who have ended leave over is for who can act.
  const over = inTime.length < share ? 0 : max - share - late.length
  const waiting = [...inTime, ...goOn(acting, inTime.at(-1)?.place ?? walk.acting, over)]
  return {
    holders: distinct([...waiting, ...late]),
    next: textOf({
      acting: waiting.at(-1)?.place ?? walk.acting,
      ended: late.at(-1)?.place ?? walk.ended,
    }),
  }
}

/** Up to `count` tickets from a place on, and after the last one from the beginning up to that place. */
function goOn(read: (from: Place, count: number) => Met[], from: Place, count: number): Met[] {
  if (count <= 0) return []
  const met = read(from, count)
  if (met.length === count) return met
  return [...met, ...read(start, count - met.length).filter(({ place }) => inTurn(place, from) <= 0)]
}

const distinct = (met: readonly Met[]): Holder[] => [
  ...new Map(met.map(({ sale, user }) => [nameOf({ sale, user }), { sale, user }])).values(),
]

/** Tickets that wait, and those with an order to pay. */
function actingAfter(database: Database, [sale, number]: Place, count: number): Met[] {
  const rows = database
    .query<Row, [number, number, number]>(
      `SELECT key, number, id AS sale, user FROM (
         SELECT sale AS key, number, user FROM tickets WHERE state IN ('queued', 'waitlisted')
         UNION SELECT sale, number, user FROM orders WHERE state = 'pending'
       ) JOIN sales USING (key) WHERE (key, number) > (?, ?) ORDER BY key, number LIMIT ?`,
    )
    .all(sale, number, limitOf(count))
    .map(metIn)
  const entered = enteredAfter(database, [sale, number], count)
  return [...rows, ...entered].sort((a, b) => inTurn(a.place, b.place)).slice(0, count)
}

function endedAfter(database: Database, [sale, number]: Place, count: number): Met[] {
  return database
    .query<Row, [number, number, number]>(
      `SELECT sales.key, tickets.number, sales.id AS sale, tickets.user FROM tickets JOIN sales ON sales.key = tickets.sale
       LEFT JOIN orders ON orders.sale = tickets.sale AND orders.number = tickets.number AND orders.state = 'pending'
       WHERE tickets.state NOT IN ('queued', 'waitlisted') AND orders.number IS NULL AND (tickets.sale, tickets.number) > (?, ?)
       ORDER BY tickets.sale, tickets.number LIMIT ?`,
    )
    .all(sale, number, limitOf(count))
    .map(metIn)
}

/** Tickets in the intake log that have no row of their own yet. */
function enteredAfter(database: Database, [sale, number]: Place, count: number): Met[] {
  const met: Met[] = []
  const batches = database
    .query(
      "SELECT key, id, first, count, entries FROM intake JOIN sales ON sales.key = sale ORDER BY key, first",
    )
    .iterate() as IterableIterator<{ key: number; id: string; first: number; count: number; entries: string }>
  const rows = database.query<{ number: number }, [number, number, number]>(
    "SELECT number FROM tickets WHERE sale = ? AND number BETWEEN ? AND ?",
  )
  for (const { key, id, first, count: size, entries } of batches) {
    if (met.length >= count) break
    if (key < sale || (key === sale && first + size - 1 <= number)) continue
    const written = new Set(rows.all(key, first, first + size - 1).map((row) => row.number))
    for (const [at, [user]] of (JSON.parse(entries) as IntakeEntry[]).entries()) {
      const place: Place = [key, first + at]
      if (written.has(first + at) || (key === sale && first + at <= number)) continue
      met.push({ sale: id, user, place })
    }
  }
  return met.slice(0, count)
}

interface Row {
  readonly key: number
  readonly number: number
  readonly sale: string
  readonly user: string
}

const metIn = ({ key, number, sale, user }: Row): Met => ({ sale, user, place: [key, number] })

const inTurn = (a: Place, b: Place): number => a[0] - b[0] || a[1] - b[1]

/** SQLite knows -1 as no limit. */
const limitOf = (count: number): number => (Number.isFinite(count) ? count : -1)

const textOf = ({ acting, ended }: Walk): string => `${acting.join(".")},${ended.join(".")}`

const printed = /^(\d+)\.(\d+),(\d+)\.(\d+)$/

/** Whether a text says where a check has ended. */
export const isPlace = (text: string): boolean => printed.test(text)

function walkIn(text: string): Walk {
  const found = printed.exec(text)
  if (!found) throw new RangeError(`${text} is not where a check has ended`)
  const [a = 0, b = 0, c = 0, d = 0] = found.slice(1).map(Number)
  return { acting: [a, b], ended: [c, d] }
}
