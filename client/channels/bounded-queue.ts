// A bounded queue that is read by `for await`. It tells when it is full and when it was read down to a half, and never drops.

export interface Buffer<T> extends AsyncIterableIterator<T> {
  push(item: T): void
  isFull(): boolean
  /** Forgets what waits. */
  clear(): void
  /** No more items: after those that wait, reading ends, or fails with `failure`. */
  end(failure?: Error): void
  return(): Promise<IteratorResult<T>>
}

/** `drained`: it was full and no longer is, or its reader left. */
export function createBuffer<T>(max: number, drained: () => void): Buffer<T> {
  let items: T[] = []
  let readers: { resolve(result: IteratorResult<T>): void; reject(error: Error): void }[] = []
  let isEnded = false
  let wasFull = false
  let failure: Error | undefined

  const done = { done: true, value: undefined } as const
  return {
    push(value) {
      const reader = readers.shift()
      if (reader) return reader.resolve({ done: false, value })
      items.push(value)
      wasFull = wasFull || items.length >= max
    },
    isFull: () => wasFull,
    clear() {
      items = []
      wasFull = false
    },
    end(why) {
      isEnded = true
      const [first, ...others] = readers
      readers = []
      if (why && first) first.reject(why)
      else {
        failure = why
        first?.resolve(done)
      }
      for (const reader of others) reader.resolve(done)
    },
    async next() {
      if (items.length > 0) {
        const value = items.shift() as T
        if (wasFull && items.length <= max / 2) {
          wasFull = false
          drained()
        }
        return { done: false, value }
      }
      if (failure) {
        const error = failure
        failure = undefined
        throw error
      }
      if (isEnded) return done
      return new Promise((resolve, reject) => readers.push({ resolve, reject }))
    },
    async return() {
      isEnded = true
      failure = undefined
      items = []
      wasFull = false
      for (const reader of readers) reader.resolve(done)
      readers = []
      drained()
      return done
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
