// Who holds which ticket: the newest number of each user. A hash table in plain numbers, of which the garbage collector
// sees nothing, in parts that grow one by one: a `Map` of a million users is copied at once when it grows, and holds
// everybody up for a tenth of a second.
import type { Ticket } from "./memory.ts"
import { saltedHash } from "./salted-hash.ts"
import type { Tickets } from "./tickets.ts"

const partsCount = 64

export class TicketsByUser {
  private readonly hash = saltedHash()
  private readonly parts = Array.from({ length: partsCount }, () => new Part())
  private readonly tickets: Tickets

  constructor(tickets: Tickets) {
    this.tickets = tickets
  }

  /** The newest ticket of a user. */
  get(user: string): Ticket | undefined {
    const hash = this.hash(user)
    return this.tickets.get(this.partOf(hash).find(hash, (number) => this.isOf(number, user)))
  }

  has(user: string): boolean {
    return this.get(user) !== undefined
  }

  /** The ticket, which is among the tickets already, is its user's newest. */
  note({ user, number }: Ticket): void {
    const hash = this.hash(user)
    this.partOf(hash).set(hash, number, (held) => this.isOf(held, user))
  }

  private isOf(number: number, user: string): boolean {
    return this.tickets.get(number)?.user === user
  }

  private partOf(hash: number): Part {
    return this.parts[(hash >>> 0) % partsCount] as Part
  }
}

/** Cells of the smallest part; always a power of two. */
const cellsMin = 8

/** A hash and a number in each cell, the number 0 in a free one; whoever finds their cell taken looks at the next. */
class Part {
  private cells = new Int32Array(cellsMin * 2)
  private taken = 0

  /** The number that `isIt` says is the one, among those with this hash; 0 if there is none. */
  find(hash: number, isIt: (number: number) => boolean): number {
    return this.cells[this.cellOf(hash, isIt) + 1] as number
  }

  set(hash: number, number: number, isIt: (number: number) => boolean): void {
    if (this.taken * 4 >= (this.cells.length / 2) * 3) this.grow()
    const at = this.cellOf(hash, isIt)
    if (this.cells[at + 1] === 0) this.taken++
    this.cells[at] = hash
    this.cells[at + 1] = number
  }

  /** Where it is, or the free cell where it would be. */
  private cellOf(hash: number, isIt: (number: number) => boolean): number {
    const { cells } = this
    const mask = cells.length - 1
    // The lowest bits have chosen the part.
    let at = ((hash >>> 6) * 2) & mask
    for (;;) {
      const number = cells[at + 1] as number
      if (number === 0 || (cells[at] === hash && isIt(number))) return at
      at = (at + 2) & mask
    }
  }

  private grow(): void {
    const before = this.cells
    this.cells = new Int32Array(before.length * 2)
    for (let at = 0; at < before.length; at += 2) {
      const number = before[at + 1] as number
      if (number === 0) continue
      const hash = before[at] as number
      const free = this.cellOf(hash, () => false)
      this.cells[free] = hash
      this.cells[free + 1] = number
    }
  }
}
