// A map that holds so many and no more: what comes beyond that puts out what was set longest ago. Who sets again what they have
// got makes of it a map of the most recently used.
import { AgedMap } from "./aged-map.ts"

export class BoundedMap<Key, Value> extends AgedMap<Key, Value> {
  private readonly sizeMax: number

  constructor(sizeMax: number) {
    super()
    this.sizeMax = sizeMax
  }

  override set(key: Key, value: Value): void {
    super.set(key, value)
    if (this.size > this.sizeMax && this.oldest) this.delete(this.oldest.key)
  }
}
