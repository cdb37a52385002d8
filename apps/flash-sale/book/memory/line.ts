// A line of people: first in, first out; who steps out is passed over when the line gets there. It lies in pieces: what was
// served is let go with its piece, and the garbage collector reads a long line again only where it has changed.

const pieceLength = 1024

export class Line<T> {
  /** None of them is empty, but for places that were served. */
  private readonly pieces: T[][] = []
  /** Places of the first piece that were served. */
  private served = 0
  private readonly stands: (one: T) => boolean

  /** `stands` says whether somebody is still in line. */
  constructor(stands: (one: T) => boolean) {
    this.stands = stands
  }

  join(one: T): void {
    const piece = this.pieces.at(-1)
    if (piece && piece.length < pieceLength) piece.push(one)
    else this.pieces.push([one])
  }

  /** The first who still stands in line, without taking them out of it. */
  first(): T | null {
    for (let [piece] = this.pieces; piece; [piece] = this.pieces) {
      for (; this.served < piece.length; this.served++) {
        const one = piece[this.served] as T
        if (this.stands(one)) return one
      }
      this.pieces.shift()
      this.served = 0
    }
    return null
  }

  /** Takes the first who still stands out of the line. */
  take(): T | null {
    const one = this.first()
    if (one !== null) this.served++
    return one
  }

  /** The last who still stands in line. */
  last(): T | null {
    for (let piece = this.pieces.at(-1); piece; piece = this.pieces.at(-1)) {
      const served = this.pieces.length === 1 ? this.served : 0
      for (; piece.length > served; piece.pop()) {
        const one = piece.at(-1) as T
        if (this.stands(one)) return one
      }
      this.pieces.pop()
      if (this.pieces.length === 0) this.served = 0
    }
    return null
  }

  /** Everybody who still stands in line, in order. */
  *[Symbol.iterator](): Generator<T> {
    for (const [at, piece] of this.pieces.entries()) {
      const start = at === 0 ? this.served : 0
      for (const one of start === 0 ? piece : piece.slice(start)) if (this.stands(one)) yield one
    }
  }
}
