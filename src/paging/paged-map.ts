// A map that can be called page by page: every item keeps its slot for as long as it is there, so a cursor is a slot's
// number, nothing is kept between two pages, and no page looks at more than a bounded number of slots.

/** Slots looked at for one page. Where most have emptied again a page is short, and the next goes on: 10,000 take about 20 µs. */
const slotsPerPageMax = 10_000

export interface ListPage<Item> {
  readonly items: readonly Item[]
  /** Where the next page begins; null when there is none. A page may be short, even empty, and have a next. */
  readonly next: number | null
}

/** Whoever is there from the first page to the last is on exactly one of them. */
export class PagedMap<Key, Item> {
  private readonly slotOf = new Map<Key, number>()
  private slots: (Item | undefined)[] = []
  /** Empty slots, to be filled first: there are never more slots than there once were items. */
  private empty: number[] = []

  get size(): number {
    return this.slotOf.size
  }

  get(key: Key): Item | undefined {
    const slot = this.slotOf.get(key)
    return slot === undefined ? undefined : this.slots[slot]
  }

  set(key: Key, item: Item): void {
    let slot = this.slotOf.get(key)
    if (slot === undefined) {
      slot = this.empty.pop() ?? this.slots.length
      this.slotOf.set(key, slot)
    }
    this.slots[slot] = item
  }

  delete(key: Key): boolean {
    const slot = this.slotOf.get(key)
    if (slot === undefined) return false
    this.slotOf.delete(key)
    this.slots[slot] = undefined
    this.empty.push(slot)
    if (this.slotOf.size === 0) {
      this.slots = []
      this.empty = []
    }
    return true
  }

  *values(): Iterable<Item> {
    for (const item of this.slots) if (item !== undefined) yield item
  }

  /** At most `limit` items, from a slot on. */
  page(from: number, limit: number): ListPage<Item> {
    const items: Item[] = []
    const { slots } = this
    const end = Math.min(slots.length, from + slotsPerPageMax)
    let slot = from
    for (; slot < end && items.length < limit; slot++) {
      const item = slots[slot]
      if (item !== undefined) items.push(item)
    }
    return { items, next: slot < slots.length ? slot : null }
  }
}
