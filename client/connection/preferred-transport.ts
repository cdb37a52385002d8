// Which transport won the last race, for half an hour, so that a visitor behind a bad proxy waits for it only once.
import type { Clock, StorageLike } from "../environment.ts"
import type { TransportName } from "../transports/transport.ts"

interface PreferredTransport {
  /** The names, with the one that won last in front. */
  order(names: readonly TransportName[]): readonly TransportName[]
  remember(name: TransportName): void
}

/** `baseUrl`: the server's address; what passes to one may not pass to another. */
export function createPreferredTransport(
  baseUrl: string,
  { storage, clock }: { storage: StorageLike | null; clock: Clock },
  rememberMs: number,
): PreferredTransport {
  const key = `laba.transport ${baseUrl}`
  // Kept here too, for where there is no storage.
  let own = ""
  const read = (): string => {
    try {
      return storage?.getItem(key) || own
    } catch {
      return own
    }
  }
  return {
    order(names) {
      const [name, until] = read().split(" ")
      if (Number(until) < clock.now()) return names
      const isFirst = (one: TransportName): boolean => one === name
      return [...names.filter(isFirst), ...names.filter((one) => !isFirst(one))]
    },
    remember(name) {
      own = `${name} ${clock.now() + rememberMs}`
      try {
        storage?.setItem(key, own)
      } catch {
        // Storage that is full or blocked costs a race, nothing more.
      }
    },
  }
}
