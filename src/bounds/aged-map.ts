// A map that knows what was set in it longest ago, at no cost. Asking the runtime's own map for its first entry walks over all that
// stood before it once, each time anew.

export class AgedMap<Key, Value> extends Map<Key, Value> {
  /** Stands behind `found`: before that is nobody any more. */
  private readonly byAge = this.entries()
  private found: readonly [Key, Value] | undefined

  /** It is the newest from now on, also where it was there before. */
  override set(key: Key, value: Value): this {
    this.delete(key)
    return super.set(key, value)
  }

  override delete(key: Key): boolean {
    if (this.found?.[0] === key) this.found = undefined
    return super.delete(key)
  }

  get oldest(): readonly [Key, Value] | undefined {
    // An iterator that came to the end stays there.
    if (!this.found && this.size > 0) this.found = this.byAge.next().value
    return this.found
  }
}
