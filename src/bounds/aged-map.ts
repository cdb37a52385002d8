// A map that knows what was set in it longest ago: its entries are a list, too, by age. The runtime's own map knows the order as well,
// but its first entry lies behind all that stood before it once, and an iterator that waits there keeps all that it ever held.

interface Entry<Key, Value> {
  readonly key: Key
  value: Value
  older: Entry<Key, Value> | null
  newer: Entry<Key, Value> | null
}

export class AgedMap<Key, Value> {
  private readonly entries = new Map<Key, Entry<Key, Value>>()
  private first: Entry<Key, Value> | null = null
  private last: Entry<Key, Value> | null = null

  get size(): number {
    return this.entries.size
  }

  /** What was set longest ago. */
  get oldest(): { readonly key: Key; readonly value: Value } | null {
    return this.first
  }

  get(key: Key): Value | undefined {
    return this.entries.get(key)?.value
  }

  /** It is the newest from now on, also where it was there before. */
  set(key: Key, value: Value): void {
    let entry = this.entries.get(key)
    if (entry) {
      this.unlink(entry)
      entry.value = value
    } else {
      entry = { key, value, older: null, newer: null }
      this.entries.set(key, entry)
    }
    entry.older = this.last
    entry.newer = null
    if (this.last) this.last.newer = entry
    else this.first = entry
    this.last = entry
  }

  delete(key: Key): boolean {
    const entry = this.entries.get(key)
    if (!entry) return false
    this.unlink(entry)
    return this.entries.delete(key)
  }

  private unlink({ older, newer }: Entry<Key, Value>): void {
    if (older) older.newer = newer
    else this.first = newer
    if (newer) newer.older = older
    else this.last = older
  }
}
