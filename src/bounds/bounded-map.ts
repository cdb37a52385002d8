// A map that holds so many and no more: what comes beyond that puts out what was set longest ago. Who sets again what they have
// got makes of it a map of the most recently used.

export class BoundedMap<Key, Value> extends Map<Key, Value> {
  private readonly sizeMax: number
  /**
   * Stands where the last was put out: before it is nobody any more. A new one would begin at the start each time, and walk over all
   * that was there once.
   */
  private readonly oldest = this.keys()

  constructor(sizeMax: number) {
    super()
    this.sizeMax = sizeMax
  }

  /** It is the newest from now on, also where it was there before. */
  override set(key: Key, value: Value): this {
    if (!this.delete(key) && this.size >= this.sizeMax) this.delete(this.oldest.next().value as Key)
    return super.set(key, value)
  }
}
