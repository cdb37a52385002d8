// Who is served when. First come: a ticket's turn is its number. Drawn modes: the first turns are the draw's, and who
// came after it stands behind, by number. So the order follows from seed and entries, and nobody has to store it.

/** The order of service. Numbers and turns count from 1. */
export class Turns {
  /** How many numbers were drawn. */
  readonly drawn: number
  private readonly numbers: Uint32Array
  private readonly turns: Uint32Array

  /** `order`: the drawn numbers in the order of service, every number from 1 to its length once; empty for first come. */
  constructor(order: readonly number[] = []) {
    this.drawn = order.length
    this.numbers = new Uint32Array(order)
    this.turns = new Uint32Array(order.length)
    for (let at = 0; at < order.length; at++) this.turns[(order[at] as number) - 1] = at + 1
  }

  turnOf(number: number): number {
    return number <= this.drawn ? (this.turns[number - 1] as number) : number
  }

  numberAt(turn: number): number {
    return turn <= this.drawn ? (this.numbers[turn - 1] as number) : turn
  }
}
