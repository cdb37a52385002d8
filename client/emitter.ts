// The listeners of one object, by event. A listener that throws is reported and stops nobody else.

/** Where errors of the application's callbacks go. */
export type ReportError = (error: unknown) => void

/** `Events` maps an event's name to what its listeners are given. */
export interface Emitter<Events> {
  /** Returns the function that takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void
  off<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void
  has(name: keyof Events): boolean
}

export function createEmitter<Events>(report: ReportError): Emitter<Events> {
  const lists = new Map<keyof Events, Set<(event: never) => void>>()
  const off = (name: keyof Events, listener: (event: never) => void): void => {
    lists.get(name)?.delete(listener)
  }
  return {
    on(name, listener) {
      const list = lists.get(name) || new Set()
      lists.set(name, list.add(listener))
      return () => off(name, listener)
    },
    off,
    emit(name, event) {
      // A copy, so that who is added by a listener hears from the next event on.
      for (const listener of [...(lists.get(name) || [])]) {
        try {
          listener(event as never)
        } catch (error) {
          report(error)
        }
      }
    },
    has: (name) => !!lists.get(name)?.size,
  }
}
