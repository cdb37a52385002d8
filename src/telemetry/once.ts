// Lets a thing be said once, for a bounded number of things: what clients choose must not fill the log or the memory.

/** Things remembered. Whoever makes up more is not worth a line each. */
const rememberedMax = 100

export class Once {
  private readonly seen = new Set<string>()

  /** True the first time that this is asked about, unless too much was asked about already. */
  first(what: string): boolean {
    if (this.seen.size >= rememberedMax || this.seen.has(what)) return false
    this.seen.add(what)
    return true
  }
}
