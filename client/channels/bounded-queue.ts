// A bounded queue that is read by `for await`. It tells when it is full and when it was read down to a half, and never drops.

export interface BoundedQueue<T> extends AsyncIterableIterator<T> {
  push(item: T): void
  isFull(): boolean
  /** Forgets what waits. */
  clear(): void
  /** No more items: after those that wait, reading ends, or fails with `failure`. */
  end(failure?: Error): void
  return: () => Promise<IteratorResult<T>>
}

/** `drained`: it was full and no longer is, or its reader left. */
export function createBoundedQueue<T>(max: number, drained: () => void): BoundedQueue<T> {
  let items: T[] = []
  const readers: ((result: IteratorResult<T> | Promise<never>) => void)[] = []
  let isEnded = false
  let wasFull = false
  let failure: Error | undefined

  const done = { done: true, value: undefined } as const
  const clear = (): void => {
    items = []
    wasFull = false
  }
  /** Gives to who waits what there is: items, then the failure, once, then the end. */
  const serve = (): void => {
    while (readers.length > 0 && (items.length > 0 || isEnded)) {
      const give = readers.shift() as (typeof readers)[number]
      if (items.length > 0) give({ done: false, value: items.shift() as T })
      else {
        give(failure ? Promise.reject(failure) : done)
        failure = undefined
      }
    }
    if (wasFull && items.length <= max / 2) {
      wasFull = false
      drained()
    }
  }
  const end = (why?: Error): void => {
    isEnded = true
    failure = why
    serve()
  }
  return {
    push(item) {
      items.push(item)
      serve()
      wasFull = wasFull || items.length >= max
    },
    isFull: () => wasFull,
    clear,
    end,
    next() {
      return new Promise((resolve) => {
        readers.push(resolve)
        serve()
      })
    },
    return: async () => {
      clear()
      end()
      drained()
      return done
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
