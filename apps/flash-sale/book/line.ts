// A line of people: first in, first out; who steps out is passed over when the line gets there.

/** Below this many served places their memory is not worth freeing. */
const compactAt = 1024

export class Line<T> {
  private places: T[] = []
  private head = 0
  private readonly stands: (one: T) => boolean

  /** `stands` says whether somebody is still in line. */
  constructor(stands: (one: T) => boolean) {
    this.stands = stands
  }

  join(one: T): void {
    this.places.push(one)
  }

  /** The first who still stands in line, without taking them out of it. */
  first(): T | null {
    while (this.head < this.places.length) {
      const one = this.places[this.head] as T
      if (this.stands(one)) return one
      this.step()
    }
    return null
  }

  /** Takes the first who still stands out of the line. */
  take(): T | null {
    const one = this.first()
    if (one !== null) this.step()
    return one
  }

  /** The last who still stands in line. */
  last(): T | null {
    while (this.places.length > this.head) {
      const one = this.places.at(-1) as T
      if (this.stands(one)) return one
      this.places.pop()
    }
    return null
  }

  /** Everybody who still stands in line, in order. */
  *[Symbol.iterator](): Generator<T> {
    for (let at = this.head; at < this.places.length; at++) {
      const one = this.places[at] as T
      if (this.stands(one)) yield one
    }
  }

  private step(): void {
    this.head++
    if (this.head < compactAt || this.head * 2 <= this.places.length) return
    this.places = this.places.slice(this.head)
    this.head = 0
  }
}
