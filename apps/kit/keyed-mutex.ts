// A mutex for each name: work that comes while the one before is under way waits for it, however that ends.

export class KeyedMutex {
  /** The last work of each name. */
  private readonly last = new Map<string, Promise<unknown>>()

  /** Settles as the work does. Of one name only one work is under way at a time. */
  async runExclusive<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
    const done = (this.last.get(name) ?? Promise.resolve()).then(work)
    const turn = done.catch(() => {})
    this.last.set(name, turn)
    try {
      return await done
    } finally {
      if (this.last.get(name) === turn) this.last.delete(name)
    }
  }
}
