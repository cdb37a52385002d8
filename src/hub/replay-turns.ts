// The channels that one connection resumes are replayed in turn, a page each: together they would fill its outbox many
// times over before its first byte is read. Knows outboxes by identity alone.

export class ReplayTurns {
  /** Outboxes that a page is being read for, and who waits for the next turn. */
  private readonly waiting = new Map<object, (() => void)[]>()

  /** Null when it is this replay's turn now, else a promise for when it is. Call `done` after it in any case. */
  take(outbox: object): Promise<void> | null {
    const queue = this.waiting.get(outbox)
    if (queue) return new Promise((resolve) => void queue.push(resolve))
    this.waiting.set(outbox, [])
    return null
  }

  done(outbox: object): void {
    const next = this.waiting.get(outbox)?.shift()
    if (next) next()
    else this.waiting.delete(outbox)
  }
}
