// Counts who has gone from a line whose places are numbered, so that how many are left before anybody is known without
// walking along it. A Fenwick tree: both questions take as many steps as the number of places has bits, and a place 4 bytes.

/** Places before the first doubling. */
const placesMin = 1024

export class Departures {
  /** At each place: how many have gone from as many places up to it as its lowest bit says. Its length is a power of two, and one. */
  private counts = new Int32Array(1)
  private all = 0

  /** Whoever stood there has gone. Once for each place; places count from 1. */
  mark(place: number): void {
    if (place >= this.counts.length) this.grow(place)
    for (let at = place; at < this.counts.length; at += at & -at)
      this.counts[at] = (this.counts[at] as number) + 1
    this.all++
  }

  /** How many have gone from the places up to this one. */
  upTo(place: number): number {
    if (place >= this.counts.length) return this.all
    let sum = 0
    for (let at = place; at > 0; at -= at & -at) sum += this.counts[at] as number
    return sum
  }

  private grow(place: number): void {
    const before = this.counts
    let size = Math.max(placesMin, before.length - 1)
    while (size < place) size *= 2
    this.counts = new Int32Array(size + 1)
    this.counts.set(before)
    // A power of two counts all places up to it.
    for (let at = Math.max(1, (before.length - 1) * 2); at <= size; at *= 2) this.counts[at] = this.all
  }
}
